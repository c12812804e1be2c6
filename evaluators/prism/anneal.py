"""Placement by annealing: no GPU may exceed a target pressure, which is lowered whenever that is met."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from evaluators.prism.verifier import Cluster

_ROUNDS = 48
_HOT, _COLD = 0.015, 0.0015
"""First and last temperature of a round, as a share of a bin."""
_FROM_FULL = 0.85
"""Share of proposals that take a model out of an overfull bin."""


def anneal(cluster: Cluster, start: Sequence[int], proposals: int, rng: random.Random) -> list[int]:
    """Improve a legal placement.

    At a target T a model is one weight, load + T * size, and a GPU is a bin of T * memory, as in MULTIFIT. Moves and swaps
    reduce what overflows; a placement without overflow has a pressure below T. Found by a coding agent as an answer to this
    problem, and stronger than packing and descent on fleets.

    Parameters
    ----------
    proposals
        Number of moves and swaps to try.
    """
    best, state = list(start), list(start)
    least, top = float(cluster.balanced()), float(cluster.pressure(best))
    share, failures, left = 0.02, 0, proposals
    while left > 0 and top > least * (1 + 1e-9):
        target = max(least * (1 + 1e-7), top * (1 - share))
        weights = [load + target * size for load, size in zip(cluster.loads, cluster.sizes, strict=True)]
        # Heat alternates after failures. A little less than the memory, for a GPU may not be full.
        bins = _Bins(weights, target * (cluster.memory - 1e-7), cluster.gpus, state)
        left -= bins.settle(min(left, max(5_000, proposals // _ROUNDS)), (1.0, 4.0)[failures % 2], rng) + 10 * len(weights)
        state = bins.gpu_of
        reached = math.inf if bins.over or max(cluster.totals(state)[0]) >= cluster.memory else float(cluster.pressure(state))
        if reached < top:
            best, top = list(state), reached
        else:
            failures += 1
            share = share / 2 if share > 1e-4 else 1e-9
            state = best
    return best


class _Bins:
    """Weights in bins of one capacity; `over` lists the bins that overflow."""

    def __init__(self, weights: Sequence[float], capacity: float, bins: int, start: Sequence[int]) -> None:
        self._weights, self._capacity, self.gpu_of = weights, capacity, list(start)
        self._inside: list[list[int]] = [[] for _ in range(bins)]
        self._filled = [0.0] * bins
        for item, at in enumerate(start):
            self._inside[at].append(item)
            self._filled[at] += weights[item]
        self.over = [at for at in range(bins) if self._filled[at] > capacity]

    def settle(self, proposals: int, heat: float, rng: random.Random) -> int:
        """Move and swap until no bin overflows; return the number of proposals made."""
        temperature = _HOT * heat * self._capacity
        cooling = (_COLD / (_HOT * heat)) ** (64 / proposals)
        count, bins, drawn = len(self.gpu_of), len(self._filled), rng.random
        for number in range(proposals):
            if not self.over:
                return number
            if number % 64 == 0:
                temperature *= cooling
            if drawn() < _FROM_FULL:
                inside = self._inside[self.over[int(drawn() * len(self.over))]]
                item = inside[int(drawn() * len(inside))]
            else:
                item = int(drawn() * count)
            partner = int(drawn() * (count + bins))
            here = self.gpu_of[item]
            there = self.gpu_of[partner] if partner < count else partner - count
            if here != there:
                self._propose(item, partner if partner < count else -1, here, there, temperature, rng)
        return proposals

    def _propose(self, item: int, partner: int, here: int, there: int, temperature: float, rng: random.Random) -> None:
        """Move an item to another bin, or exchange it with one there, if chance at this temperature agrees."""
        filled, capacity = self._filled, self._capacity
        shift = self._weights[item] - (self._weights[partner] if partner >= 0 else 0.0)
        a, b = filled[here] - shift, filled[there] + shift
        change = max(a - capacity, 0.0) + max(b - capacity, 0.0)
        change -= max(filled[here] - capacity, 0.0) + max(filled[there] - capacity, 0.0)
        if change > 0 and rng.random() >= math.exp(-change / temperature):
            return
        flips = (filled[here] > capacity) != (a > capacity) or (filled[there] > capacity) != (b > capacity)
        filled[here], filled[there] = a, b
        for moved, source, target in ((item, here, there), (partner, there, here)):
            if moved >= 0:
                self._inside[source].remove(moved)
                self._inside[target].append(moved)
                self.gpu_of[moved] = target
        if flips:
            self.over = [at for at, weight in enumerate(filled) if weight > capacity]
