"""Shares of the attempts for several proposers: what lately improved more for its time and money gets more."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping

from workbench.model import Candidate, Status

MEMORY = 0.97
"""Factor by which earlier attempts count less with each further one."""
PRIOR = 5.0
"""Attempts of average cost and yield that each proposer starts with."""
POWER = 2
"""Power of its yield for its cost by which a proposer's share grows."""
KEPT = 0.1
"""Part of all attempts that stays divided as given at first, so that every proposer is still tried."""


class Shares:
    """Shares that begin as given and follow what paid.

    A step that lowers the best gap yields the square root of its part of the whole way from the start of the run, so that one large
    first step does not decide for long. The cost of an attempt is its part of all time and of all dollars lately spent, half
    each where both are spent. A proposer's share is its first share times the square of its yield for its cost, and the
    longer nothing improves, the closer all shares come to the first ones.

    Parameters
    ----------
    weights
        First share of each proposer, up to a common factor.
    timed
        Whether time counts. It does not where the same random seed has to give the same run.
    """

    def __init__(self, weights: Mapping[str, float], *, timed: bool) -> None:
        total = sum(weights.values())
        self._first = {name: weight / total for name, weight in weights.items()}
        self._timed = timed
        self._made, self._yield = dict.fromkeys(weights, 0.0), dict.fromkeys(weights, 0.0)
        self._seconds, self._dollars = dict.fromkeys(weights, 0.0), dict.fromkeys(weights, 0.0)
        self._improved = 0.0  # number of improvements that still count
        self._start = self._best = math.inf

    def now(self, among: Collection[str] | None = None) -> dict[str, float]:
        """Return the share of each proposer, or of each of some; they sum to 1."""
        cost, gain = self._costs(), self._gains()
        drawn = {name: first * ((PRIOR + gain[name]) / (PRIOR + cost[name])) ** POWER for name, first in self._first.items()}
        total = sum(drawn.values())
        shares = {name: (1 - KEPT) * drawn[name] / total + KEPT * first for name, first in self._first.items()}
        chosen = {name: share for name, share in shares.items() if among is None or name in among}
        return {name: share / sum(chosen.values()) for name, share in chosen.items()}

    def choose(self, among: Collection[str], rng: random.Random) -> str:
        """Draw one of some proposers."""
        shares = self.now(among)
        return rng.choices(list(shares), list(shares.values()))[0]

    def tell(self, candidate: Candidate, dollars: float = 0.0, seconds: float = 0.0) -> None:
        """Record an attempt with what it cost; those of no proposer here, such as initial programs, only set the best gap."""
        before, valid = self._best, candidate.status is Status.OK
        if valid:
            self._best = min(before, candidate.gap)
        if math.isinf(before) or candidate.operator == "seed":
            self._start = self._best
            return
        step = before - self._best
        if candidate.proposer not in self._first:
            return
        for kept in (self._made, self._yield, self._seconds, self._dollars):
            for name in kept:
                kept[name] *= MEMORY
        self._improved *= MEMORY
        self._made[candidate.proposer] += 1
        self._seconds[candidate.proposer] += seconds if self._timed else 0.0
        self._dollars[candidate.proposer] += dollars
        if step > 0:
            self._improved += 1
            self._yield[candidate.proposer] += math.sqrt(step / (self._start - self._best))

    def _costs(self) -> dict[str, float]:
        """What each proposer has used, in attempts of average cost."""
        number = sum(self._made.values())
        spent = [kept for kept in (self._seconds, self._dollars) if sum(kept.values()) > 0] or [self._made]
        parts = {name: sum(kept[name] / (sum(kept.values()) or 1.0) for kept in spent) / len(spent) for name in self._first}
        return {name: number * part for name, part in parts.items()}

    def _gains(self) -> dict[str, float]:
        """What each proposer has improved, in attempts of average yield; without improvements as its cost."""
        number, total, cost = sum(self._made.values()), sum(self._yield.values()), self._costs()
        known = self._improved / (1 + self._improved)
        return {name: known * number * self._yield[name] / (total or 1.0) + (1 - known) * cost[name] for name in self._first}
