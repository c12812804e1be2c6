"""What the store hands out: frozen records. Times are seconds since the epoch, durations seconds, gaps as in `model.Report`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from workbench.certificate import Certificate
from workbench.errors import UsageError
from workbench.model import Call, Program, Status
from workbench.options import RunOptions

LIVE = ("running", "paused")
"""Statuses of a run that a process is at work on."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What model calls add up to.

    Attributes
    ----------
    calls
        Calls made, failed ones included.
    dollars
        Sum of the known prices.
    unpriced
        Answered calls whose price is unknown.
    """

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    dollars: float = 0.0
    unpriced: int = 0

    @property
    def cost_usd(self) -> float | None:
        """Dollars spent; None once a call's price is unknown, for then the sum would be a lie."""
        return None if self.unpriced else self.dollars


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it was started, and how it stands.

    Attributes
    ----------
    problem, folder, version
        Slug, the folder that the problem was loaded from, and the version it had then.
    options
        What it was asked to do, as far as this version knows it.
    unknown_options
        Options that only the version which stored them understands; empty as a rule.
    proposer
        As people read it: the models' names, or "no LLM".
    isolation
        Level at which candidates run: `full`, `seccomp-only` or `none`.
    status
        `running`, `paused`, `done`, `stopped`, `failed`, or `abandoned` where its process was killed.
    message
        Why it ended; empty while it has not.
    heartbeat
        When its process last showed that it is alive.
    active_seconds
        Working time over all its sittings.
    pid
        Its process; None once it has ended.
    champion
        Number of the attempt that is best on validation so far.
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
        """Whether a process is at work on it, or will be again after a pause."""
        return self.status in LIVE

    @property
    def uses_model(self) -> bool:
        """Whether its attempts cost calls to a language model."""
        return self.options.uses_model

    def settings(self) -> dict[str, Any]:
        """Its options by name, those of other versions included."""
        return {**self.options.to_json(), **self.unknown_options}

    def resumable_options(self) -> RunOptions:
        """Its options, to continue it with.

        Raises
        ------
        UsageError
            This version does not know what some of them mean.
        """
        if self.unknown_options:
            raise UsageError(f"the run has options that this version does not know: {', '.join(sorted(self.unknown_options))}")
        return self.options


@dataclass(frozen=True, slots=True)
class RunSummary(Run):
    """A run with what it came to so far.

    Attributes
    ----------
    attempts, valid
        Attempts made, and those that ended ok; starting programs are not counted.
    best_gap
        Least mean gap on train, starting programs included; None while nothing was valid.
    validation_gap
        The champion's; None while there is none.
    """

    attempts: int
    valid: int
    best_gap: float | None
    validation_gap: float | None
    spending: Spending

    @property
    def uses_model(self) -> bool:
        """Whether its attempts cost calls to a language model: also where a proposer of one's own has made some."""
        return self.spending.calls > 0 or self.options.uses_model


@dataclass(frozen=True, slots=True)
class Origin:
    """What an attempt was asked to start from: its parents, the main one first, and the failed attempt that it repairs."""

    parents: tuple[int, ...] = ()
    island: int | None = None
    repairs: int | None = None

    @property
    def needs(self) -> tuple[int, ...]:
        """Attempts that must be recorded before this one can be made again."""
        return self.parents if self.repairs is None else (*self.parents, self.repairs)


@dataclass(frozen=True, slots=True)
class AttemptSummary:
    """An attempt without its program.

    Attributes
    ----------
    number
        Counts the attempts of a run from 0, starting programs first.
    turn
        Order in which answers were read: a duplicate is judged by what was read before it.
    operator
        What was done: `seed`, `edit`, `rewrite`, `repair`, `crossover`, ...
    parents
        Numbers of the programs it was made of, the main parent first.
    repairs
        The failed attempt that this one repairs.
    fingerprint
        Equal for programs that do the same in the same words; None where no program could be made.
    gap
        Mean gap on train; None unless `ok`.
    message
        Why it failed; where it did not, a note or nothing.
    seconds
        Of the evaluation on train.
    created
        When it was recorded.
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

    @property
    def origin(self) -> Origin:
        """What it started from."""
        return Origin(self.parents, self.island, self.repairs)

    @property
    def parent(self) -> int | None:
        """The main parent; None for a start."""
        return self.parents[0] if self.parents else None


@dataclass(frozen=True, slots=True)
class Attempt(AttemptSummary):
    """An attempt with its program, None where none could be made."""

    program: Program | None

    @property
    def source(self) -> str:
        """The program's text; empty where there is none."""
        return self.program.source if self.program else ""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A call as it was recorded, for the attempt `number`; a negative number belongs to no attempt."""

    number: int
    origin: Origin
    operator: str
    call: Call
    created: float


class Score(NamedTuple):
    """An attempt's mean gap on a split."""

    number: int
    gap: float


@dataclass(frozen=True, slots=True)
class Message:
    """What a person asked of a run: `stop`, `pause`, `resume`, `steer` or `inject`, with its argument.

    Attributes
    ----------
    acknowledged
        When the run acted on it; None until then.
    answer
        What the run did.
    """

    id: int
    command: str
    argument: str
    created: float
    acknowledged: float | None
    answer: str


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a run's log. `kind` is `improvement`, `note`, `error`, `control`, `resumed`, ..."""

    id: int
    created: float
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class CertificateRecord:
    """A certificate as a runs folder keeps it. `run` and `number` are None where the program came from a file."""

    id: int
    run: str | None
    number: int | None
    name: str
    created: float
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class ChampionGaps:
    """A run's champion with its mean gaps; None where it was not scored."""

    number: int
    train: float | None
    validation: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: what `evolve run` tells at its end.

    Attributes
    ----------
    attempts, valid
        Attempts made and those that ended ok, without the starting programs.
    seconds
        Working time.
    cost_usd
        Dollars spent on models; None where a price is unknown.
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

    def to_json(self) -> dict[str, Any]:
        """What `evolve run --json` prints."""
        best = None
        if self.best is not None:
            gaps = {"train": self.best.train, "validation": self.best.validation}
            best = {"candidate": self.best.number, **{s: None if gap is None else {"gap": gap} for s, gap in gaps.items()}}
        return {
            "run": self.run, "problem": self.problem, "status": self.status, "best": best, "candidates": self.attempts,
            "valid": self.valid, "seconds": self.seconds, "cost_usd": self.cost_usd, "isolation": self.isolation,
        }  # fmt: skip


# --------------------------------------------------------------------------- for lists and charts of very many rows


class Mark(NamedTuple):
    """How far a run has come: what was read at the same mark is still true."""

    attempts: int
    last: int


class Point(NamedTuple):
    """What a chart shows of an attempt. `parent` is the main one; the rest as in `AttemptSummary`, with the status's text."""

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


class Size(NamedTuple):
    """A valid attempt's characters of source, seconds of evaluation and mean train gap by family."""

    number: int
    size: int
    seconds: float
    families: Mapping[str, float]


class PaidCall(NamedTuple):
    """A model call without its texts. `cost_usd` is None where the price is unknown."""

    number: int
    model: str
    operator: str
    cost_usd: float | None
    tokens_in: int
    tokens_out: int
    seconds: float
    error: str
    created: float


class FailureGroup(NamedTuple):
    """Failed attempts of one class, operator and model.

    Attributes
    ----------
    model
        None where no model was asked.
    cost_usd
        What their calls cost, as far as it is known; None where nothing is.
    first, message
        Number of the first of them, and what it said.
    """

    status: Status
    operator: str
    model: str | None
    attempts: int
    cost_usd: float | None
    first: int
    message: str


class DailySpending(NamedTuple):
    """What the calls of one run to one model on one day add up to.

    Attributes
    ----------
    day
        ISO date on this machine.
    usd
        Sum of the known prices.
    unpriced, failed
        Answered calls of unknown price, and calls that failed.
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
