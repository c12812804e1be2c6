"""The proposers of a run: whose turn it is, what each has cost, and which of them is not asked while its calls fail."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from workbench.learning.shares import Shares
from workbench.loop.breaker import Breaker
from workbench.model import Call, Candidate
from workbench.proposers.mixed import Mixed, Part
from workbench.protocols import Proposer

OUTSIDE = "agents"
"""Name of those who propose from outside, by tickets."""

Costs = Mapping[int, tuple[float, float]]
"""Dollars and seconds by number of attempt."""


class Team:
    """The proposers of a run; most runs have one.

    Parameters
    ----------
    name
        Name of the proposer in records, if there is one only.
    costs
        What earlier attempts have cost.
    """

    def __init__(self, proposer: Proposer, name: str, costs: Costs) -> None:
        parts = proposer.parts if isinstance(proposer, Mixed) else (Part(name, 1.0, proposer),)
        self._parts = {part.name: part for part in parts}
        self._breakers = {part.name: Breaker() for part in parts}
        self._shares = Shares({part.name: part.weight for part in parts}, timed=not proposer.ordered)
        self._costs = dict(costs)
        self._lost: dict[str, str] = {}

    @property
    def takes_tickets(self) -> bool:
        """Whether one of them has to ask for its attempts."""
        return any(not part.proposer.concurrency for part in self._parts.values())

    def waits_outside(self, name: str) -> bool:
        """Whether a proposer has to ask for its attempts."""
        return not self._parts[name].proposer.concurrency

    def of(self, name: str) -> Proposer:
        """Return a proposer."""
        return self._parts[name].proposer

    def is_model(self, name: str) -> bool:
        """Whether a proposer calls a model or is from outside; an attempt without a name is of the only one."""
        part = self._named(name)
        return part is None or part.proposer.uses_model

    def repairs(self, name: str) -> bool:
        """Whether a proposer gets its failed attempts back."""
        part = self._named(name)
        return part is not None and part.proposer.repairs

    def turn(self, busy: Iterable[str], rng: Callable[[], random.Random]) -> str | None:
        """Return whose attempt comes next; None if it has to wait for an answer that is under way, or for calls to work again.

        `rng` is called only where there is something to draw: seeding it takes longer than all else here.
        """
        able = [name for name in self._parts if not self._breakers[name].holds and name not in self._lost]
        inside = [name for name in self._parts if name not in self._lost and not self.waits_outside(name)]
        if not able or (inside and not set(inside) & set(able)):
            return None  # those outside do not get what waits for calls to work again
        name = able[0] if len(self._parts) == 1 else self._shares.choose(able, rng())
        return name if self.has_room(name, busy) else None

    def has_room(self, name: str, busy: Iterable[str]) -> bool:
        """Whether a proposer can be asked beside its answers under way."""
        limit = self._parts[name].proposer.concurrency
        return not limit or Counter(busy)[name] < limit

    # ------------------------------------------------------------------ calls that fail

    @property
    def holds(self) -> bool:
        """Whether none can be asked now, since its calls fail."""
        return all(b.holds for name, b in self._breakers.items() if name not in self._lost)

    @property
    def reason(self) -> str:
        """The failure that holds the run up; empty while one of its proposers can be asked."""
        reasons = [b.reason for name, b in self._breakers.items() if name not in self._lost]
        return reasons[0] if reasons and all(reasons) else ""

    def reset(self) -> None:
        """Forget all failures: a person says that it can go on."""
        for breaker in self._breakers.values():
            breaker.reset()

    def begins(self, name: str, number: int) -> None:
        """Note that a proposer is asked for the attempt of this number."""
        self._breakers[name].begins(number)

    def succeeded(self, name: str) -> bool:
        """Note an answered call; whether it ends a hold-up."""
        return name in self._breakers and self._breakers[name].succeeded()

    def failed(self, name: str, number: int, error: str) -> tuple[str, str]:
        """Note a failed call.

        Returns
        -------
        tuple
            Why its proposer is held up from now on, and why the run has to end; each empty if it is not so.
        """
        breaker = self._breakers.get(name)
        if breaker is None:
            return "", ""
        if why := breaker.failed(number, error):
            return why if len(self._parts) == 1 else f"{name}: {why}", ""
        if not breaker.fatal or name in self._lost:
            return "", ""
        self._lost[name] = breaker.fatal
        left = [other for other in self._parts if other not in self._lost]
        return (f"{name} is not asked any more: {breaker.fatal}", "") if left else ("", breaker.fatal)

    def never_answered(self) -> str:
        """Return, if no call of the run has succeeded, what it fails with; an empty string otherwise."""
        told = [breaker.never_answered() for breaker in self._breakers.values()]
        return told[0] if all(told) else ""

    # ------------------------------------------------------------------ attempts

    def count(self, candidate: Candidate) -> None:
        """Note a recorded attempt."""
        if (part := self._named(candidate.proposer)) is not None:
            self._breakers[part.name].count(candidate)

    def spent(self, number: int, call: Call | None, evaluation: float) -> None:
        """Note what an attempt has cost: its call, and the seconds of its evaluation."""
        dollars, seconds = (call.cost_usd or 0.0, call.seconds) if call else (0.0, 0.0)
        self._costs[number] = dollars, seconds + evaluation

    def tell(self, candidate: Candidate) -> None:
        """Let the shares follow an attempt that the search is told."""
        dollars, seconds = self._costs.pop(candidate.number, (0.0, 0.0))
        part = self._parts.get(candidate.proposer)
        self._shares.tell(candidate, dollars, seconds / max(1, part.proposer.concurrency) if part else seconds)

    def shares(self) -> dict[str, float]:
        """Return the shares of the attempts that come next."""
        return self._shares.now()

    def _named(self, name: str) -> Part | None:
        """A proposer; the only one for attempts without a name, which an earlier version recorded."""
        return self._parts.get(name) or (next(iter(self._parts.values())) if not name and len(self._parts) == 1 else None)
