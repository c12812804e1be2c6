"""What belongs to one run for as long as a process works on it, and what the run had recorded before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbench.evaluation.jobs import Executor
from workbench.loop.stress_gate import Gate
from workbench.model import Candidate
from workbench.options import RunOptions
from workbench.problem.catalog import LoadedProblem
from workbench.store import ModelCall, Store


@dataclass(frozen=True, slots=True)
class RunContext:
    """A run, its problem and options, and where it is recorded and evaluated.

    Attributes
    ----------
    run
        Id of a run that this process owns in `store`.
    gate
        What a program that improves on its parent must pass besides train.
    """

    run: str
    loaded: LoadedProblem
    options: RunOptions
    store: Store
    pool: Executor
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What is recorded of a run when work on it begins: its starting programs, and all that it made before it was resumed.

    Attributes
    ----------
    candidates
        In the order in which they were recorded, starting programs first.
    fingerprints
        Of their programs, by number.
    turns
        Answers read so far.
    active_seconds
        How long the run has worked.
    answers
        Model calls that were paid for but whose attempt was not recorded when the run was killed.
    """

    candidates: Sequence[Candidate]
    fingerprints: Mapping[int, str] = field(default_factory=dict)
    turns: int = 0
    active_seconds: float = 0.0
    answers: Sequence[ModelCall] = ()
