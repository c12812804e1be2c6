"""What an engine is, and the records that it exchanges with a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, Self


class NoAnswer(Exception):
    """A model call failed: the attempt is recorded with the failure, and the engine asks again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a program on the train instances.

    Attributes
    ----------
    number
        Of the attempt.
    valid
        Whether every instance was answered legally.
    score
        Higher is better: 1 / (1 + gap), below the reference 1 - gap; for a task of another project its own score. A failed
        program has 0, or the lowest score so far if that is below 0.
    gap
        Mean gap; None for a failed program.
    classes
        Mean gap by instance class.
    scores
        Score by train instance, in order; empty for a failed program, or if the task has no instances.
    message, printed
        Why it failed; the end of what it printed.
    """

    number: int
    valid: bool
    score: float
    gap: float | None = None
    classes: Mapping[str, float] = field(default_factory=dict)
    scores: tuple[float, ...] = ()
    message: str = ""
    printed: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Restore from `to_json`."""
        return cls(**{**raw, "scores": tuple(raw["scores"])})


@dataclass(frozen=True, slots=True)
class Known:
    """A program that the run has evaluated before the engine starts; `parent` is the number of its main parent."""

    source: str
    outcome: Outcome
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Everything an engine may know when it starts; nothing about validation, test or stress.

    Attributes
    ----------
    task
        The problem in markdown: statement, contract and score.
    entry
        Name of what a program must define.
    instances
        Instance class of each train instance, in order; empty for a task of another project.
    programs
        Initial programs first; then, if the run is resumed, its valid attempts. All are valid.
    seeds
        Number of initial programs among them.
    seed
        Random seed of the run.
    concurrency
        Answers that may be under way at a time.
    """

    task: str
    entry: str
    instances: tuple[str, ...]
    programs: tuple[Known, ...]
    seeds: int
    seed: int
    concurrency: int

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Restore from `to_json`."""
        programs = (Known(one["source"], Outcome.from_json(one["outcome"]), one["parent"]) for one in raw["programs"])
        return cls(**{**raw, "instances": tuple(raw["instances"]), "programs": tuple(programs)})


class Desk(Protocol):
    """How an engine asks models and has programs evaluated; usable in every process that it starts.

    Each attempt of a run is an answer of a model and the program that the engine makes of it. A process asks, and then has one
    program evaluated, before it asks again; an answer without a program is recorded as one that the engine found none in. Both
    calls wait while the run is paused or its budget is used up.
    """

    def ask(self, system: str, user: str, parent: str) -> str:
        """Ask a model, through the run's gateway and on its budget.

        Parameters
        ----------
        parent
            Text of the program that the answer is to improve, which has been evaluated.

        Raises
        ------
        NoAnswer
            The call failed.
        """

    def evaluate(self, source: str) -> Outcome:
        """Have a program evaluated in the run's sandbox, or return the outcome of a text that was evaluated before."""


class Engine(Protocol):
    """The controller of another project: it decides what to ask for, and which programs to build on.

    `run` is called in a process of its own, without keys, in an empty folder; the object is made in the process of the run too,
    where only the attributes are read. Options are the constructor's keywords, as for a strategy. The constructor raises
    `UsageError` if what the engine needs is not installed.
    """

    label: str
    """Name and version, for people."""
    concurrency: int
    """Maximum number of answers under way; 0: as many as the run permits."""

    def run(self, start: Start, desk: Desk) -> None:
        """Search without end: the run ends the process when its budget is used up."""
