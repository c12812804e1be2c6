"""Orders: which attempt comes next, and when finished attempts are reported to the strategy.

- *free* (models): attempts are recorded and reported as they finish, so a slow call delays no other.
- *in order* (proposers that are `ordered`): attempt n starts exactly when attempts up to n - LAG have been reported, by
  number. The same seed then gives the same run for any number of workers, and a resumed run equals an uninterrupted one.
- *replayed*: the attempts of a recorded run, in the order in which their answers were processed.
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
"""Maximum number of attempts in progress in an ordered run; constant, so that no run depends on the number of cores."""


class Order(ABC):
    """Issues attempts one by one, and holds finished ones until they are reported to the strategy.

    Parameters
    ----------
    first
        Number of the first attempt after the initial programs.
    width
        Maximum number of attempts in progress.
    concurrency
        Maximum number of them waiting for the proposer.

    Attributes
    ----------
    cursor
        The lowest unused number.
    takes_more
        Whether a repair, a tuning or an injected program may take the next number.
    """

    takes_more = True

    def __init__(self, first: int, width: int, concurrency: int) -> None:
        self.cursor, self.width, self.concurrency = first, width, concurrency
        self._taken: set[int] = set()
        self._recorded: set[int] = set()

    @property
    def horizon(self) -> float:
        """Attempts from this number on are unknown to the one issued last."""
        return math.inf

    @abstractmethod
    def next(self) -> Upcoming | None:
        """Issue the next attempt; None if there is none or none can start yet. Report what is `due` before calling."""

    @abstractmethod
    def due(self, *, last: bool = False) -> Iterator[Candidate]:
        """Yield the attempts to report to the strategy now, each once; `last`: no attempt follows."""

    def record(self, candidate: Candidate) -> None:
        """Register a recorded attempt, new or from before the run was resumed."""
        self.take(candidate.number)
        self._recorded.add(candidate.number)

    def take(self, number: int) -> None:
        """Mark a number as used."""
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
    """Attempts are reported in the order in which they are recorded."""

    def __init__(self, first: int, last: int, width: int, concurrency: int) -> None:
        super().__init__(first, width, concurrency)
        self._last = last
        self._unreported: deque[Candidate] = deque()

    def next(self) -> Upcoming | None:
        """Issue the lowest unused number."""
        return self._hand_out() if self.cursor < self._last else None

    def record(self, candidate: Candidate) -> None:
        """Queue an attempt for reporting."""
        super().record(candidate)
        self._unreported.append(candidate)

    def due(self, *, last: bool = False) -> Iterator[Candidate]:
        """Yield everything recorded."""
        while self._unreported:
            yield self._unreported.popleft()


class InOrder(Order):
    """Attempts are issued and reported by number, never more than LAG ahead of what has been reported."""

    def __init__(self, first: int, last: int) -> None:
        # Concurrency 1: what a proposer knows depends only on the attempts before.
        super().__init__(first, LAG, 1)
        self._first, self._last = first, last
        self._unreported: dict[int, Candidate] = {}
        self._reported = self._asked = 0

    @property
    def horizon(self) -> float:
        """The attempt issued last knows only earlier ones."""
        return self._asked

    def next(self) -> Upcoming | None:
        """Issue the lowest unused number, once all attempts up to LAG before it have been reported."""
        if self.cursor >= self._last or self._reported <= self._due_up_to:
            return None
        self._asked = self.cursor
        return self._hand_out()

    def record(self, candidate: Candidate) -> None:
        """Hold an attempt until its turn."""
        super().record(candidate)
        self._unreported[candidate.number] = candidate

    def due(self, *, last: bool = False) -> Iterator[Candidate]:
        """Yield by number: the initial programs at once, then attempts up to LAG before the next one."""
        while (last or self._reported <= self._due_up_to) and self._reported in self._unreported:
            self._reported += 1
            yield self._unreported.pop(self._reported - 1)

    @property
    def _due_up_to(self) -> int:
        return max(self._first - 1, self.cursor - LAG)


class Replayed(Free):
    """The attempts of a recorded run, each with its recorded parents."""

    takes_more = False

    def __init__(self, first: int, plan: Sequence[Upcoming], width: int) -> None:
        # Concurrency 1: answers are processed in the order of the plan.
        super().__init__(first, first, width, 1)
        self._plan = deque(plan)

    def next(self) -> Upcoming | None:
        """Issue the next attempt of the plan, once its parents are recorded."""
        if not self._plan:
            return None
        origin = self._plan[0].origin
        if origin and not self.has(origin.needs):
            return None
        self.take(self._plan[0].number)
        return self._plan.popleft()


def order_of(proposer: Proposer, options: RunOptions, first: int, plan: Sequence[Upcoming] | None) -> Order:
    """Return the order that fits a proposer, or that of a plan.

    Parameters
    ----------
    first
        Number of the first attempt after the initial programs.
    plan
        Attempts to replay, in the order in which their answers were processed.
    """
    width = proposer.concurrency + 2 * options.workers
    if plan is not None:
        return Replayed(first, plan, width)
    if proposer.ordered:
        return InOrder(first, first + options.candidates)
    return Free(first, first + options.candidates, width, proposer.concurrency)
