"""What a proposer is asked for: kind, earlier attempts to show, the user's guidance, and what was noticed of the parent."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from workbench.learning.kinds import Kinds, possible_kinds
from workbench.learning.memory import Memory
from workbench.loop.attempt import Flight
from workbench.loop.budget import Budget
from workbench.loop.context import RunContext
from workbench.loop.control import Steering
from workbench.loop.endings import Endings
from workbench.loop.playbook import Keeper
from workbench.loop.probe import Probe
from workbench.model import Candidate, Kind, Selection, Status, Task, Trial
from workbench.protocols import Proposer


class Requests:
    """Makes the requests of a run from what it has learned.

    It learns if anybody reads them: models and those outside.
    """

    def __init__(
        self, context: RunContext, proposer: Proposer, steering: Steering, endings: Endings, probe: Probe, budget: Budget
    ) -> None:
        self._limits, self._steering, self._endings, self._probe = context.loaded.problem.limits, steering, endings, probe
        self._memory = Memory() if proposer.uses_model else None
        self._kinds = Kinds() if proposer.uses_model else None
        self._playbook = Keeper(context, proposer, budget)

    def tell(self, candidate: Candidate, best: bool, *, asked: bool) -> None:
        """Learn from an attempt; `asked`: its proposer was asked for a kind."""
        if self._memory:
            self._memory.tell(candidate)
            self._playbook.tell(candidate, self._memory)
        if self._kinds and asked:
            self._kinds.tell(candidate, best)

    def finish(self, heartbeat: Callable[[], None]) -> None:
        """Wait for lessons that were asked for; `heartbeat` is called about once a second."""
        self._playbook.finish(heartbeat)

    def task(self, flight: Flight, beside: Iterable[Flight], rng: Callable[[], random.Random]) -> Task:
        """Return the request for an attempt.

        Parameters
        ----------
        beside
            All attempts in progress, so that a prompt does not ask for the same again.
        rng
            Makes the generator that kinds are drawn with; called only where one is drawn.
        """
        # A replayed injection or tuning has no selection; only the task's number is used then.
        selection = flight.selection or Selection(Candidate(-1, Status.OK, None, "seed"))
        guidance = tuple(text for text, last in self._steering.guidance if flight.number <= last)
        tried = (*self._memory.choose(selection.parent.number), *_pending(beside)) if self._memory else ()
        kind = Kind.IMPROVE
        if self._kinds and flight.failure is None:
            kind = self._kinds.choose(possible_kinds(selection, self._limits), rng())
        known, stagnation = self._probe.told(selection.parent.number), self._endings.stagnation
        lessons = self._playbook.lessons(flight.number) if self._memory else ()
        return Task(flight.number, selection, flight.failure, guidance, stagnation, tried, kind, known, lessons)


def _pending(flights: Iterable[Flight]) -> list[Trial]:
    """Answers in evaluation."""
    answered = [(f, f.reply) for f in flights if f.reply and f.program]
    return [Trial(f.number, f.parent.number if f.parent else None, r.operator, f.idea or "", None) for f, r in answered]
