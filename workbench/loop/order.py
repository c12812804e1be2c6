"""Which attempt comes next, and when those made are reported to the search: three orders.

- *free* (models): whatever is answered first is recorded and reported first, so a slow call holds up nothing.
- *in order* (proposers that are `ordered`): attempt n is asked for exactly when all attempts up to n - LAG have been
  reported, by number. However many workers there are, the same seed gives the same run, and a resumed run equals an
  undisturbed one.
- *replayed*: the attempts of a recorded run, in the order in which their answers were read.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence

from workbench.loop.attempt import Upcoming
from workbench.model import Candidate
from workbench.options import RunOptions
from workbench.protocols import Proposer

LAG = 8
"""Attempts under way at once where they are asked for in order: a constant, so that no run depends on the number of cores."""


class Order(ABC):
    """Hands out attempts one by one, and keeps those recorded until they are reported to the search.

    Parameters
    ----------
    first
        Number of the first attempt after the starting programs.
    width
        Attempts under way at once, at most.
    concurrency
        How many of them may be with the proposer.

    Attributes
    ----------
    cursor
        The lowest number that no attempt has yet.
    takes_more
        Whether a repair, a tuning or a person's program may take the next number.
    """

    takes_more = True

    def __init__(self, first: int, width: int, concurrency: int) -> None:
        self.cursor, self.width, self.concurrency = first, width, concurrency
        self._taken: set[int] = set()
        self._recorded: set[int] = set()

    @property
    def horizon(self) -> float:
        """Attempts from this number on are not known to the one that was handed out last."""
        return math.inf

    @abstractmethod
    def next(self) -> Upcoming | None:
        """Hand out an attempt; None while there is none, or none can be started yet. Report what is `due` first."""

    @abstractmethod
    def due(self, *, last: bool = False) -> Iterator[Candidate]:
        """Attempts to report to the search now, each once; with `last` no attempt follows any more."""

    def record(self, candidate: Candidate) -> None:
        """Note an attempt that is recorded, now or before the run was resumed."""
        self.take(candidate.number)
        self._recorded.add(candidate.number)

    def take(self, number: int) -> None:
        """Keep a number from being handed out (again)."""
        if number >= self.cursor:
            self._taken.add(number)
        while self.cursor in self._taken:
            self._taken.remove(self.cursor)
            self.cursor += 1

    def has(self, numbers: Sequence[int]) -> bool:
        """Whether all these attempts are recorded."""
        return self._recorded.issuperset(numbers)

    def _hand_out(self) -> Upcoming:
        number = self.cursor
        self.take(number)
        return Upcoming(number)


class Free(Order):
    """What is recorded first is reported first."""

    def __init__(self, first: int, last: int, width: int, concurrency: int) -> None:
        super().__init__(first, width, concurrency)
        self._last = last
        self._unreported: deque[Candidate] = deque()

    def next(self) -> Upcoming | None:
        """The lowest number that is free."""
        return self._hand_out() if self.cursor < self._last else None

    def record(self, candidate: Candidate) -> None:
        """Queue an attempt to be reported."""
        super().record(candidate)
        self._unreported.append(candidate)

    def due(self, *, last: bool = False) -> Iterator[Candidate]:
        """All that is recorded."""
        while self._unreported:
            yield self._unreported.popleft()


class InOrder(Order):
    """By number, and never more than LAG ahead of what has been reported."""

    def __init__(self, first: int, last: int) -> None:
        # One at a time with the proposer: what is known to it then depends on the attempts before it alone.
        super().__init__(first, LAG, 1)
        self._first, self._last = first, last
        self._unreported: dict[int, Candidate] = {}
        self._reported = self._asked = 0

    @property
    def horizon(self) -> float:
        """The attempt handed out last knows those before it."""
        return self._asked

    def next(self) -> Upcoming | None:
        """The lowest number that is free, once all attempts up to LAG before it have been reported."""
        if self.cursor >= self._last or self._reported <= self._due_up_to:
            return None
        self._asked = self.cursor
        return self._hand_out()

    def record(self, candidate: Candidate) -> None:
        """Keep an attempt until its turn."""
        super().record(candidate)
        self._unreported[candidate.number] = candidate

    def due(self, *, last: bool = False) -> Iterator[Candidate]:
        """By number: the starting programs at once, then attempts up to LAG before the one that comes next."""
        while (last or self._reported <= self._due_up_to) and self._reported in self._unreported:
            self._reported += 1
            yield self._unreported.pop(self._reported - 1)

    @property
    def _due_up_to(self) -> int:
        return max(self._first - 1, self.cursor - LAG)


class Replayed(Free):
    """A recorded run's attempts, each with the parents that it had."""

    takes_more = False

    def __init__(self, first: int, plan: Sequence[Upcoming], width: int) -> None:
        # One at a time with the proposer: answers are read in the order of the plan.
        super().__init__(first, first, width, 1)
        self._plan = deque(plan)

    def next(self) -> Upcoming | None:
        """The next of the plan, once what it starts from is recorded."""
        if not self._plan:
            return None
        origin = self._plan[0].origin
        if origin and not self.has(origin.needs):
            return None
        self.take(self._plan[0].number)
        return self._plan.popleft()


def order_of(proposer: Proposer, options: RunOptions, first: int, plan: Sequence[Upcoming] | None) -> Order:
    """The order that a proposer wants, or that of a plan.

    Parameters
    ----------
    first
        Number of the first attempt after the starting programs.
    plan
        Attempts to replay, in the order in which their answers were read.
    """
    width = proposer.concurrency + 2 * options.workers
    if plan is not None:
        return Replayed(first, plan, width)
    if proposer.ordered:
        return InOrder(first, first + options.candidates)
    return Free(first, first + options.candidates, width, proposer.concurrency)
