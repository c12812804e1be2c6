"""Frozen records that the store returns. Times are in seconds since the epoch, durations in seconds, gaps as in `model.Report`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from workbench.certificate import Certificate
from workbench.errors import UsageError
from workbench.formatting import labelled
from workbench.model import Call, Effect, Program, Seconds, Status
from workbench.options import RunOptions

LIVE = ("running", "paused")
"""Statuses of a run that has a process."""


@dataclass(frozen=True, slots=True)
class Spending:
    """Totals over model calls.

    Attributes
    ----------
    calls
        Number of calls, failed ones included.
    dollars
        Sum of the known prices.
    unpriced
        Calls that used tokens and whose price is unknown.
    estimated
        Calls whose tokens are estimated.
    """

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    dollars: float = 0.0
    unpriced: int = 0
    estimated: int = 0

    def __add__(self, other: Self) -> Self:
        values = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in dataclasses.fields(self)}
        return dataclasses.replace(self, **values)

    @property
    def cost_usd(self) -> float | None:
        """Dollars spent; None if the price of any call is unknown."""
        return None if self.unpriced else self.dollars


@dataclass(frozen=True, slots=True)
class Run:
    """A run: how it was started, and its current state.

    Attributes
    ----------
    problem, folder, version
        ID of the problem, the folder it was loaded from, and its version at that time.
    options
        Options that this version of evolve knows.
    unknown_options
        Options written by another version of evolve that this one does not know; usually empty.
    proposer
        For display: the names of the models, or "no LLM".
    isolation
        Isolation of candidates: `full`, `seccomp-only` or `none`.
    status
        `running`, `paused`, `done`, `stopped`, `failed`, or `abandoned` if its process was killed.
    message
        Why it ended; empty before that.
    heartbeat
        Time of the last heartbeat.
    active_seconds
        Time during which its process was running, over all resumptions.
    pid
        Process ID; None once it has ended.
    champion
        Number of the best attempt on validation so far.
    """

    id: str
    problem: str
    folder: str
    version: str
    options: RunOptions
    unknown_options: Mapping[str, Any]
    proposer: str
    isolation: str
    status: str
    message: str
    created: float
    heartbeat: float
    active_seconds: float
    pid: int | None
    champion: int | None

    @property
    def live(self) -> bool:
        """Whether it has a process, running or paused."""
        return self.status in LIVE

    @property
    def uses_model(self) -> bool:
        """Whether its proposer calls a language model."""
        return self.options.uses_model

    def settings(self) -> dict[str, Any]:
        """Return all options by name, including those of other versions."""
        return {**self.options.to_json(), **self.unknown_options}

    def resumable_options(self) -> RunOptions:
        """Return the options to resume the run with.

        Raises
        ------
        UsageError
            This version does not know some of them.
        """
        if self.unknown_options:
            raise UsageError(f"the run has options that this version does not know: {', '.join(sorted(self.unknown_options))}")
        return self.options


@dataclass(frozen=True, slots=True)
class RunSummary(Run):
    """A run with its counts, best gaps and cost so far.

    Attributes
    ----------
    attempts, valid
        Attempts made, and those with status ok; initial programs are not counted.
    best_gap
        Lowest gap on train, initial programs included; None if nothing was valid.
    validation_gap
        Validation gap of the champion; None without one.
    """

    attempts: int
    valid: int
    best_gap: float | None
    validation_gap: float | None
    spending: Spending

    @property
    def uses_model(self) -> bool:
        """Whether a language model was called, or its proposer calls one; a user's own proposer may do so too."""
        return self.spending.calls > 0 or self.options.uses_model


@dataclass(frozen=True, slots=True)
class Origin:
    """What an attempt starts from: its parents, main parent first, the failed attempt that it repairs, and who makes it."""

    parents: tuple[int, ...] = ()
    island: int | None = None
    repairs: int | None = None
    proposer: str = ""

    @property
    def needs(self) -> tuple[int, ...]:
        """Numbers of the attempts that must be recorded before this one can be repeated."""
        return self.parents if self.repairs is None else (*self.parents, self.repairs)


@dataclass(frozen=True, slots=True)
class AttemptSummary:
    """An attempt without its program.

    Attributes
    ----------
    number
        Number of the attempt within its run, from 0; initial programs come first.
    turn
        Order in which answers were processed; an attempt can duplicate only programs of earlier turns.
    operator
        How it was made: `seed`, `edit`, `rewrite`, `repair`, `crossover`, ...
    parents
        Numbers of its parents, main parent first.
    repairs
        The failed attempt that this one repairs.
    fingerprint
        Hash that ignores formatting and comments; None without a program.
    gap
        Gap on train; None unless the status is ok.
    message
        Why it failed; otherwise a note, or empty.
    seconds
        Time of the evaluation on train.
    created
        Time at which it was recorded.
    idea
        What was changed and why, in one line; may be empty.
    per_instance
        The program's own time on a train instance; None unless `ok`.
    effect
        Difference to its parent on train.
    proposer
        As in `Candidate`.
    """

    number: int
    turn: int
    status: Status
    operator: str
    parents: tuple[int, ...]
    island: int | None
    repairs: int | None
    fingerprint: str | None
    gap: float | None
    message: str
    seconds: float
    created: float
    idea: str
    per_instance: Seconds | None
    effect: Effect | None
    proposer: str

    @property
    def origin(self) -> Origin:
        """What the attempt started from."""
        return Origin(self.parents, self.island, self.repairs, self.proposer)

    @property
    def parent(self) -> int | None:
        """The main parent; None for an initial program."""
        return self.parents[0] if self.parents else None


@dataclass(frozen=True, slots=True)
class Attempt(AttemptSummary):
    """An attempt with its program; None if the answer held no program."""

    program: Program | None

    @property
    def source(self) -> str:
        """Source of the program; empty without one."""
        return self.program.source if self.program else ""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A recorded model call for attempt `number`; a negative number stands for no attempt."""

    number: int
    origin: Origin
    operator: str
    call: Call
    created: float


class Score(NamedTuple):
    """Gap of an attempt on a split."""

    number: int
    gap: float


WAITING = "will be evaluated next"
"""First answer to an `inject` message; the result takes its place."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request to a run: `stop`, `pause`, `resume`, `steer` or `inject`, with its argument (of `inject`: see `injected`).

    Attributes
    ----------
    acknowledged
        Time at which the run handled it; None before that.
    answer
        What the run did.
    """

    id: int
    command: str
    argument: str
    created: float
    acknowledged: float | None
    answer: str

    @property
    def program(self) -> tuple[str, str]:
        """Source and idea of an `inject` message; a plain argument is the source."""
        try:
            found = json.loads(self.argument)
            return str(found["source"]), str(found["idea"])
        except (ValueError, TypeError, KeyError):
            return self.argument, ""

    @property
    def waiting(self) -> bool:
        """Whether the answer is still to come: the run has not read it, or has not evaluated its program yet."""
        return self.acknowledged is None or self.answer == WAITING


def injected(source: str, idea: str) -> str:
    """Return the argument of an `inject` message."""
    return json.dumps({"source": source, "idea": idea})


@dataclass(frozen=True, slots=True)
class Event:
    """A log entry of a run. `kind` is `improvement`, `note`, `fault` (of the problem), `error`, `control`, `resumed`, ..."""

    id: int
    created: float
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class CertificateRecord:
    """A certificate in a runs folder. `run` and `number` are None if the program came from a file.

    `raw` is its JSON with all fields, also those that only another version of evolve knows.
    """

    id: int
    run: str | None
    number: int | None
    name: str
    created: float
    certificate: Certificate
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ChampionGaps:
    """The champion of a run with its gaps; None for a split it was not evaluated on."""

    number: int
    train: float | None
    validation: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a run, as `evolve run` reports it at the end.

    Attributes
    ----------
    attempts, valid
        Attempts made and those with status ok, without the initial programs.
    seconds
        Time during which the run's process was running.
    cost_usd
        Dollars spent on models; None if any price is unknown.
    """

    run: str
    problem: str
    folder: str
    status: str
    message: str
    proposer: str
    uses_model: bool
    best: ChampionGaps | None
    attempts: int
    valid: int
    seconds: float
    cost_usd: float | None
    isolation: str

    def to_json(self) -> Any:
        """Return what `evolve run --json` prints, an object."""
        best = None
        if self.best is not None:
            gaps = {"train": self.best.train, "validation": self.best.validation}
            best = {"candidate": self.best.number, **{s: None if gap is None else {"gap": gap} for s, gap in gaps.items()}}
        data = {
            "run": self.run, "problem": self.problem, "status": self.status, "best": best, "candidates": self.attempts,
            "valid": self.valid, "seconds": self.seconds, "cost_usd": self.cost_usd, "isolation": self.isolation,
        }  # fmt: skip
        return labelled(self.problem, data)


# --------------------------------------------------------------------------- for lists and charts with many rows


class Mark(NamedTuple):
    """Progress of a run, as a cache key: what was read at an equal mark is still valid."""

    attempts: int
    last: int


class Point(NamedTuple):
    """An attempt as charts show it. `parent` is the main parent, `status` the text; other fields as in `AttemptSummary`."""

    id: int
    number: int
    status: str
    operator: str
    gap: float | None
    island: int | None
    parent: int | None
    repairs: int | None
    seconds: float
    created: float
    idea: str
    longest: float | None
    change: float | None
    error: float | None
    proposer: str


class Size(NamedTuple):
    """Length of a valid attempt's source in characters, seconds of its evaluation, and train gap by instance class."""

    number: int
    size: int
    seconds: float
    families: Mapping[str, float]


class PaidCall(NamedTuple):
    """A model call without prompt and answer. `cost_usd` is None if the price is unknown."""

    number: int
    model: str
    operator: str
    cost_usd: float | None
    tokens_in: int
    tokens_out: int
    estimated: int
    seconds: float
    error: str
    created: float


class FailureGroup(NamedTuple):
    """Failed attempts with the same status, operator and model.

    Attributes
    ----------
    model
        None if no model was called.
    cost_usd
        Sum of the known prices of their calls; None if none is known.
    first, message
        Number and message of the first of them.
    """

    status: Status
    operator: str
    model: str | None
    attempts: int
    cost_usd: float | None
    first: int
    message: str


class DailySpending(NamedTuple):
    """Totals over the calls of one run to one model on one day.

    Attributes
    ----------
    day
        ISO date in local time.
    usd
        Sum of the known prices.
    unpriced, failed, estimated
        Number of calls that used tokens and whose price is unknown, of failed calls, and of calls whose tokens are estimated.
    """

    run: str
    model: str
    day: str
    calls: int
    usd: float
    unpriced: int
    failed: int
    tokens_in: int
    tokens_out: int
    estimated: int
