"""Attempts that do not come from the strategy: repairs, tuning, and programs injected by the user."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from workbench.evaluation.jobs import Job
from workbench.formatting import GAP, Measure
from workbench.loop import tune
from workbench.loop.attempt import Flight
from workbench.loop.context import RunContext
from workbench.loop.messages import Submission
from workbench.model import Candidate, Failure, Program, Reply, Selection, Split, Status
from workbench.options import RunOptions

TUNING_EVERY, TUNING_EVERY_OF_MODELS = 50, 5
"""Number of attempts of which at most one is a tuning; an answer of a model costs more than the evaluations of a tuning."""
FIRST_TUNING = 5
"""Runs of fewer attempts have no tuning, and with models none comes earlier: a run begins with what it was asked for."""
REPAIRABLE = {Status.REJECTED, Status.CRASH, Status.INFEASIBLE, Status.PROTOCOL, Status.TIMEOUT, Status.MEMORY, Status.FRAGILE}


@dataclass(frozen=True, slots=True)
class Repair:
    """Send a failed attempt back to the model once, with the reason."""

    failure: Failure
    selection: Selection
    maker: str = ""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Tune the constants of the best candidate."""

    elite: Candidate


@dataclass(frozen=True, slots=True)
class Injection:
    """Evaluate a program given by the user; the control message with this ID gets the result as its answer."""

    submission: Submission
    message: int | None = None
    as_json: bool = False
    selection: Selection | None = None


FollowUp: TypeAlias = Repair | Tuning | Injection


class FollowUps:
    """Queue of follow-ups, and the rules for what enters it.

    Parameters
    ----------
    repairs
        Whether failed attempts are sent back to the proposer.
    tunes
        Whether constants are tuned.
    ordered
        Whether attempts are requested in a fixed order; then none is repaired, and tunings are rare.
    tuned
        Numbers of candidates that were tuned before the run was resumed.
    """

    def __init__(self, *, ordered: bool, repairs: bool, tunes: bool, tuned: Iterable[int] = ()) -> None:
        self._repairs, self._tunes, self._before = repairs and not ordered, tunes, frozenset(tuned)
        self._every = TUNING_EVERY if ordered else TUNING_EVERY_OF_MODELS
        self._queue: deque[FollowUp] = deque()
        self._tuned: set[int] = set()
        self._next_tuning = 0 if ordered else FIRST_TUNING

    @property
    def waits(self) -> bool:
        """Whether there is one."""
        return bool(self._queue)

    @property
    def maker(self) -> str:
        """Whose failed attempt the oldest follow-up repairs; empty if it is none."""
        return self._queue[0].maker if self._queue and isinstance(self._queue[0], Repair) else ""

    def next(self) -> FollowUp | None:
        """Take the oldest follow-up from the queue; None if it is empty."""
        return self._queue.popleft() if self._queue else None

    def inject(self, injection: Injection) -> None:
        """Queue a program given by the user."""
        self._queue.append(injection)

    def recorded(self, flight: Flight, candidate: Candidate) -> None:
        """Queue a repair of an attempt that failed in a repairable way and is not itself a repair."""
        answered = flight.reply is not None and flight.reply.call is not None
        if not (self._repairs and answered and candidate.status in REPAIRABLE and flight.failure is None):
            return
        assert flight.selection and flight.reply
        failure = Failure(flight.number, candidate.status, candidate.message, flight.reply.text, candidate.printed)
        self._queue.append(Repair(failure, flight.selection, flight.maker))

    def consider_tuning(self, number: int, best: Candidate | None) -> None:
        """Queue a tuning of the best candidate, if it declares constants and the last tuning is long enough ago."""
        if not self._tunes or best is None or number < self._next_tuning:
            return
        if best.program and best.operator != "tune" and best.number not in self._tuned and tune.declared(best.program):
            self._tuned.add(best.number)
            self._next_tuning = number + self._every
            if best.number not in self._before:
                self._queue.append(Tuning(best))


def tunes(options: RunOptions) -> bool:
    """Whether a run tunes constants."""
    return options.tune_trials > 0 and options.candidates >= FIRST_TUNING


def told_of(candidate: Candidate, shown: Measure = GAP) -> str:
    """Return the answer to the message that injected a candidate."""
    what = f"train {shown.word} {shown.value(candidate.gap)}" if candidate.status is Status.OK else candidate.message
    return f"attempt {candidate.number}: {candidate.status}, {what}"


def tuned_reply(elite: Candidate, context: RunContext, stop: Callable[[], bool]) -> Reply:
    """Tune a candidate's constants on train; the reply has no program, but a reason, if nothing better is found."""
    assert elite.program

    def gap(program: Program) -> float:
        report = context.pool.submit(Job(program, Split.TRAIN, stop_on_failure=True)).result()
        return report.gap if report.status is Status.OK else math.inf

    options = context.options
    tuned = tune.tune(elite.program, gap, trials=options.tune_trials, seed=options.seed, stop=stop)
    if not tuned.gap < elite.gap:
        return Reply("tune", text=f"{tuned.trials} tuning trials found nothing better than {elite.gap:.4%}")
    values = ", ".join(f"{name} = {value:g}" for name, value in tuned.values.items() if name not in tuned.idle)
    idle = f"; without effect: {', '.join(tuned.idle)}" if tuned.idle else ""
    return Reply("tune", program=tuned.program, parents=(elite.number,), idea=f"tuned constants: {values}{idle}")
