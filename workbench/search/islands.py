"""MAP-Elites on islands, the default strategy."""

from __future__ import annotations

import bisect
import itertools
import math
import random
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from workbench.errors import UsageError
from workbench.model import Candidate, Selection, Status
from workbench.plugins import keeps_its_options
from workbench.program.source import split_block
from workbench.values import scored

Cell: TypeAlias = tuple[int, int]
"""Code size, in steps of a factor sqrt(2), and strongest instance class (-1: equally strong in all)."""

_SPECIALISTS = 32
"""Maximum number of instances for which an island keeps the best program; more instances are subsampled evenly."""
_MOST_SEEDS = 8
_MEMORY = 0.9
"""Decay per attempt of an island's moving average of squared improvements."""
_SENSITIVITY = 1000.0
"""Factor c of the exploration rate: a root-mean-square improvement of 0.1 % per attempt halves the excess over `low`."""
_NEXT_RANK = 0.2
"""Exploitation chooses rank k with probability proportional to this value to the power of k."""


class _Elite(NamedTuple):
    """A program of an island; ordered by gap, then by size, with shorter code ranking higher."""

    gap: float
    size: int
    number: int
    candidate: Candidate
    profile: tuple[float, ...]
    sample: tuple[float, ...]


def _code_size(source: str) -> int:
    """Count the characters of code in the evolving part, without layout, comments and docstrings (counting nodes is 50x slower)"""
    block = split_block(source)
    text = "".join((block.inside if block else source).split('"""')[::2])
    return sum(len(line) for s in text.splitlines() if (line := s.strip()) and line[0] != "#")


class _Island:
    """One population: a grid of elites, and the best program on each instance."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self.attempts = 0
        self.stale = 0
        self.momentum = 0.0  # moving mean of squared relative improvements
        self._cells: dict[Cell, _Elite] = {}
        self._cell_of: dict[int, Cell] = {}
        self.ranked: list[_Elite] = []
        self._specialists: list[_Elite] = []
        self._sums: list[float] = []

    @property
    def best(self) -> _Elite:
        return self.ranked[0]

    def add(self, elite: _Elite) -> None:
        """Insert a program if it is the best of its cell or on an instance."""
        if elite.number in self._cell_of:
            return
        self._specialise(elite)
        cell = self._cell(elite)
        resident = self._cells.get(cell)
        if resident is not None:
            if resident[:2] <= elite[:2]:
                return
            self._remove(resident)
        self._cells[cell] = elite
        self._cell_of[elite.number] = cell
        bisect.insort(self.ranked, elite)
        self._sums = [a + b for a, b in zip(self._sums, elite.profile, strict=True)] if self._sums else list(elite.profile)
        if len(self.ranked) > self._capacity:
            self._remove(self.ranked[-1])

    def restart(self, elites: Sequence[_Elite]) -> None:
        """Discard the population and start again from `elites`."""
        self._cells, self._cell_of, self.ranked, self._specialists, self._sums = {}, {}, [], [], []
        self.stale, self.momentum = 0, 0.0
        for elite in elites:
            self.add(elite)

    def vacant(self, elite: _Elite) -> bool:
        """Whether the cell of a program is empty."""
        return self._cell(elite) not in self._cells

    def parent(self, rng: random.Random, explore: float, pareto: float) -> _Elite:
        """Draw a parent: with probability `explore` the best on an instance (`pareto`) or a random elite, otherwise by rank."""
        if rng.random() < explore:
            return rng.choice(self._specialists if rng.random() < pareto else self.ranked)
        rank = int(math.log(1.0 - rng.random()) / math.log(_NEXT_RANK))
        return self.ranked[min(rank, len(self.ranked) - 1)]

    def inspirations(self, parent: _Elite, rng: random.Random, count: int) -> tuple[Candidate, ...]:
        """Draw inspirations: first a program that is good where the parent is weak, then other elites, favouring better ones."""
        chosen: dict[int, Candidate] = {}
        if count:
            losses: dict[int, float] = {}
            elites: dict[int, _Elite] = {}
            for theirs, own, best in zip(self._specialists, parent.sample, range(len(parent.sample)), strict=False):
                loss = own - theirs.sample[best]
                if loss > 0 and theirs.number != parent.number:
                    losses[theirs.number] = losses.get(theirs.number, 0.0) + loss
                    elites[theirs.number] = theirs
            if losses:
                number = rng.choices(list(losses), list(losses.values()))[0]
                chosen[number] = elites[number].candidate
        others = [e for e in self.ranked if e.number != parent.number and e.number not in chosen]
        while others and len(chosen) < count:
            other = others.pop(int(len(others) * rng.random() ** 2))
            chosen[other.number] = other.candidate
        return tuple(chosen.values())

    def _cell(self, elite: _Elite) -> Cell:
        return round(2 * math.log2(1 + elite.size)), self._strength(elite.profile)

    def _strength(self, profile: tuple[float, ...]) -> int:
        """Return the class with the largest lead over the island's mean, relative to the program's average lead; -1 if none."""
        if len(profile) < 2 or not self._sums:
            return -1
        count = len(self.ranked)
        ahead = [total / count - gap for total, gap in zip(self._sums, profile, strict=True)]
        level = sum(ahead) / len(ahead)
        most = max(ahead)
        usual = sum(abs(total) for total in self._sums) / count / len(ahead)
        return ahead.index(most) if most - level > 0.05 * usual else -1

    def _specialise(self, elite: _Elite) -> None:
        if not self._specialists:
            self._specialists = [elite] * len(elite.sample)
            return
        for i, (gap, holder) in enumerate(zip(elite.sample, self._specialists, strict=False)):
            if gap < holder.sample[i] or (gap == holder.sample[i] and elite[:2] < holder[:2]):
                self._specialists[i] = elite

    def _remove(self, elite: _Elite) -> None:
        del self._cells[self._cell_of.pop(elite.number)]
        del self.ranked[bisect.bisect_left(self.ranked, elite)]
        self._sums = [a - b for a, b in zip(self._sums, elite.profile, strict=True)]


@keeps_its_options
class Islands:
    """MAP-Elites on islands: elites by code size and strongest instance class, ring migration, restarts on stagnation.

    Each island keeps the best program of each cell (code size x strongest instance class relative to the island's mean) and
    the best program on each instance. The exploration rate decreases with recent improvement:
    `explore = low + (high - low) / (1 + c sqrt(G))`, where G is the moving mean of squared relative improvements (after
    AdaEvolve). Exploitation selects by rank; exploration selects any cell or the per-instance Pareto front (after GEPA).
    The parent is shown with a program that is good where the parent is weak.

    A run starts with one island, which suits small budgets. When an island stagnates, a new one is started from the initial
    programs and the best of the other islands; once all islands exist, the stagnant one is restarted from these.

    Parameters
    ----------
    islands
        Maximum number of islands.
    capacity
        Total number of elites over all islands.
    migration
        Attempts of an island between migrations to the next island in the ring.
    patience
        Attempts without improvement after which an island counts as stagnant.
    inspirations
        Number of programs shown with the parent.
    explore_low, explore_high
        Bounds of the exploration probability.
    pareto
        Share of exploration that selects the best program on some instance.
    """

    def __init__(
        self,
        *,
        islands: int = 4,
        capacity: int = 200,
        migration: int = 15,
        patience: int = 40,
        inspirations: int = 2,
        explore_low: float = 0.05,
        explore_high: float = 0.35,
        pareto: float = 0.5,
    ) -> None:
        for name, value, low in (
            ("islands", islands, 1), ("capacity", capacity, 4 * islands), ("migration", migration, 1),
            ("patience", patience, 1), ("inspirations", inspirations, 0),
        ):  # fmt: skip
            if value < low:
                raise UsageError(f"{name} must be at least {low}, got {value}")
        if not 0 <= explore_low <= explore_high <= 1 or not 0 <= pareto <= 1:
            raise UsageError("the options must satisfy 0 <= explore_low <= explore_high <= 1 and 0 <= pareto <= 1")
        self._migration, self._patience, self._inspirations = migration, patience, inspirations
        self._low, self._high, self._pareto = explore_low, explore_high, pareto
        self._most_islands, self._share = islands, capacity // islands
        self._islands = [_Island(self._share)]
        self._seeds: list[_Elite] = []
        self._families: tuple[str, ...] = ()
        self._best_gap = math.inf
        self._best_home = 0  # the island of the incumbent; it is never restarted

    def ask(self, rng: random.Random) -> Selection:
        """Choose an island (one that improves is at most twice as likely as others), a parent and inspirations."""
        settled = [i for i, island in enumerate(self._islands) if island.ranked]
        if not settled:
            raise UsageError("no initial program is valid: fix the initial programs of the run")
        momenta = [math.sqrt(self._islands[i].momentum) for i in settled]
        most = max(momenta)
        index = rng.choices(settled, [1 + (m / most if most else 0) for m in momenta])[0]
        island = self._islands[index]
        explore = self._low + (self._high - self._low) / (1 + _SENSITIVITY * math.sqrt(island.momentum))
        parent = island.parent(rng, explore, self._pareto)
        return Selection(parent.candidate, island.inspirations(parent, rng, self._inspirations), index)

    def tell(self, candidate: Candidate) -> None:
        """Add a valid program to its island, an initial program to all; migrate, or start or restart an island, when due."""
        elite = self._elite(candidate) if candidate.status is Status.OK and candidate.program is not None else None
        if candidate.island is None or not candidate.parents:
            if elite is not None:
                self._settle_everywhere(elite)
            return
        index = candidate.island % len(self._islands)
        island = self._islands[index]
        island.attempts += 1
        island.stale += 1
        before = island.best.gap if island.ranked else math.inf
        gain = 0.0
        if elite is not None:
            island.add(elite)
            if elite.gap < before:
                island.stale = 0
                gain = min(1.0, (before - elite.gap) / (abs(before) + 1e-12)) if math.isfinite(before) else 1.0
            if elite.gap < self._best_gap:
                self._best_gap, self._best_home = elite.gap, index
        island.momentum = _MEMORY * island.momentum + (1 - _MEMORY) * gain * gain
        if island.ranked:
            if island.attempts % self._migration == 0:
                self._migrate(index)
            if island.stale >= self._patience:
                self._renew(index)

    def _elite(self, candidate: Candidate) -> _Elite:
        assert candidate.program is not None
        if not self._families:
            self._families = tuple(sorted(scored(candidate.families)))
        profile = tuple(candidate.families.get(f, candidate.gap) for f in self._families)
        stride = 1 + (len(candidate.instances) - 1) // _SPECIALISTS
        sample = candidate.instances[::stride] if candidate.instances else (candidate.gap,)
        return _Elite(candidate.gap, _code_size(candidate.program.source), candidate.number, candidate, profile, sample)

    def _settle_everywhere(self, elite: _Elite) -> None:
        for island in self._islands:
            island.add(elite)
        if not elite.candidate.parents and len(self._seeds) < _MOST_SEEDS:
            self._seeds.append(elite)
        if elite.gap < self._best_gap:
            self._best_gap, self._best_home = elite.gap, 0

    def _migrate(self, index: int) -> None:
        """Copy the island's best program, and its best one for an empty cell, to the next island in the ring."""
        source, target = self._islands[index], self._islands[(index + 1) % len(self._islands)]
        if source is target:
            return
        settler = next((e for e in itertools.islice(source.ranked, 1, None) if target.vacant(e)), None)
        before = target.best.gap if target.ranked else math.inf
        for elite in (source.best, settler):
            if elite is not None:
                target.add(elite)
        if target.best.gap < before:
            target.stale = 0

    def _renew(self, index: int) -> None:
        """Start another island when one stagnates; if all exist, restart the stagnant one."""
        if len(self._islands) < self._most_islands:
            self._islands[index].stale = 0
            self._islands.append(_Island(self._share))
            index = len(self._islands) - 1
        elif index == self._best_home:
            return
        others = sorted(island.best for i, island in enumerate(self._islands) if i != index and island.ranked)
        self._islands[index].restart([*self._seeds, *others])
