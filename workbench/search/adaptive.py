"""Search that keeps noise in mind, and looks elsewhere when what it does stops to pay."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.errors import UsageError
from workbench.model import Candidate, Kind, Selection, Status
from workbench.plugins import keeps_its_options
from workbench.values import scored

_MOST_INSTANCES = 64
"""Maximum number of instances of a paired comparison; more are subsampled evenly."""
_MOST_SEEDS, _MOST_CLASSES = 8, 16
_NONE = -1
"""The idea of initial programs: each of their children begins one of its own."""
_CLEAR = 2.0
"""Standard errors from which on a difference is more than noise."""
_DOUBT = 0.1
"""Share of the standard error with which differences are drawn: what looks best mostly is, and more doubt made searches worse."""
_WORN = 0.03
"""Standard errors by which a parent counts as worse for each doubling of its children without success."""


@dataclass(slots=True)
class _Kept:
    """A program that may become a parent.

    `idea` is the number of the candidate that the idea began with, `vain` counts children that are no better, and `mean` and
    `error` are the paired difference to the incumbent.
    """

    candidate: Candidate
    sample: tuple[float, ...]
    idea: int
    vain: int = 0
    mean: float = 0.0
    error: float = 0.0

    @property
    def order(self) -> tuple[float, int]:
        return self.candidate.gap, self.candidate.number


@keeps_its_options
class Adaptive:
    """Improves what noise cannot tell from the best, combines complementary programs, and returns to other ideas on stagnation.

    The incumbent changes only if a paired test over the training instances says so. Parents are drawn from all programs that
    are not clearly worse, each by a draw from its difference to the incumbent and the standard error of that; those whose
    children keep failing wear out. Without clear progress, more and more requests go to pairs of programs that are strong on
    different instance classes, to the best of another idea, and to initial programs, with which new ideas begin.

    Parameters
    ----------
    capacity
        Number of programs kept: the best, the best of every idea, and the best on each instance class.
    ideas
        Number of ideas whose best program is kept.
    patience
        Attempts without clear progress after which half of the excess of `explore_high` over `explore_low` is reached.
    inspirations
        Number of programs shown with the parent.
    explore_low, explore_high
        Bounds of the probability of a request that does not improve the incumbent or its equals.
    """

    def __init__(
        self,
        *,
        capacity: int = 100,
        ideas: int = 12,
        patience: int = 40,
        inspirations: int = 2,
        explore_low: float = 0.05,
        explore_high: float = 0.3,
    ) -> None:
        for name, value, low in (("ideas", ideas, 1), ("capacity", capacity, 4 * ideas), ("patience", patience, 1),
                                 ("inspirations", inspirations, 0)):  # fmt: skip
            if value < low:
                raise UsageError(f"{name} must be at least {low}, got {value}")
        if not 0 <= explore_low <= explore_high <= 1:
            raise UsageError("the options must satisfy 0 <= explore_low <= explore_high <= 1")
        self._capacity, self._ideas, self._patience, self._inspirations = capacity, ideas, patience, inspirations
        self._low, self._high = explore_low, explore_high
        self._kept: dict[int, _Kept] = {}
        self._seeds: list[_Kept] = []
        self._incumbent: _Kept | None = None
        self._stale = 0

    def ask(self, rng: random.Random) -> Selection:
        """Choose among the incumbent and its equals, complementary pairs, other ideas and initial programs."""
        if self._incumbent is None:
            raise UsageError("no initial program is valid: fix the initial programs of the run")
        explore = self._low + (self._high - self._low) * self._stale / (self._stale + self._patience)
        elsewhere = rng.choice((self._specialist, self._other_idea, self._start))
        parent = (elsewhere if rng.random() < explore else self._equal)(rng)
        return Selection(parent.candidate, self._company(parent, rng))

    def tell(self, candidate: Candidate) -> None:
        """Keep a valid program if it is good, new or strong on an instance class; note what became of its parent's children."""
        parent = self._kept.get(candidate.parents[0]) if candidate.parents else None
        valid = candidate.status is Status.OK and candidate.program is not None
        if candidate.parents:
            self._stale += 1
        if parent is not None:
            parent.vain = 0 if valid and candidate.gap < parent.candidate.gap else parent.vain + 1
        if not valid or candidate.number in self._kept:
            return
        step = 1 + (len(candidate.instances) - 1) // _MOST_INSTANCES
        begins = parent is None or parent.idea == _NONE or candidate.operator == Kind.NEW
        idea = candidate.number if begins or parent is None else parent.idea
        made = _Kept(candidate, candidate.instances[::step] or (candidate.gap,), idea)
        if not candidate.parents:
            made.idea = _NONE
            self._seeds = sorted([*self._seeds, made], key=lambda kept: kept.order)[:_MOST_SEEDS]
        self._kept[candidate.number] = made
        if self._incumbent is None:
            self._incumbent = made
        _compare(made, self._incumbent)
        if made.mean < -_CLEAR * made.error:
            self._incumbent, self._stale = made, 0
            for kept in self._kept.values():
                _compare(kept, made)
        if len(self._kept) > self._capacity:
            self._forget()

    # ------------------------------------------------------------------ parents

    def _equal(self, rng: random.Random) -> _Kept:
        """Draw each program's difference to the incumbent from what is known of it; the best draw wins."""
        assert self._incumbent
        equals = [kept for kept in self._kept.values() if kept.mean <= _CLEAR * kept.error]
        unit = max(kept.error for kept in equals)

        def drawn(kept: _Kept) -> float:
            return kept.mean + _DOUBT * kept.error * rng.gauss() + _WORN * unit * math.log2(1 + kept.vain)

        return min(equals, key=lambda k: (drawn(k), k.candidate.number))

    def _specialist(self, rng: random.Random) -> _Kept:
        """Return the best program of an instance class."""
        return rng.choice(self._specialists())

    def _other_idea(self, rng: random.Random) -> _Kept:
        """Return the best program of an idea that is not the incumbent's; better ideas are likelier."""
        assert self._incumbent
        others = [kept for kept in self._best_of_ideas() if kept.idea != self._incumbent.idea]
        return others[int(len(others) * rng.random() ** 2)] if others else self._equal(rng)

    def _start(self, rng: random.Random) -> _Kept:
        return rng.choice(self._seeds) if self._seeds else self._equal(rng)

    def _company(self, parent: _Kept, rng: random.Random) -> tuple[Candidate, ...]:
        """Choose inspirations: first the program with the largest leads where the parent is poor, then good ones."""
        theirs = parent.candidate.families
        others = sorted((k for k in self._kept.values() if k is not parent), key=lambda kept: kept.order)
        good = others[: max(1, len(others) // 2)]
        counted = scored(theirs)
        leads = [sum(max(0.0, theirs[f] - gap) for f, gap in k.candidate.families.items() if f in counted) for k in good]
        chosen: list[_Kept] = []
        while good and len(chosen) < self._inspirations:
            index = rng.choices(range(len(good)), leads)[0] if not chosen and sum(leads) > 0 else int(len(good) * rng.random() ** 2)
            chosen.append(good.pop(index))
        return tuple(kept.candidate for kept in chosen)

    # ------------------------------------------------------------------ what is kept

    def _best_of_ideas(self) -> list[_Kept]:
        best: dict[int, _Kept] = {}
        for kept in sorted(self._kept.values(), key=lambda kept: kept.order):
            best.setdefault(kept.idea, kept)
        return list(best.values())[: self._ideas]

    def _specialists(self) -> list[_Kept]:
        classes = sorted(scored(self._incumbent.candidate.families))[:_MOST_CLASSES] if self._incumbent else []
        best = [min(self._kept.values(), key=lambda k: (k.candidate.families.get(f, math.inf), *k.order)) for f in classes]
        return best or list(self._kept.values())[:1]

    def _forget(self) -> None:
        """Forget the worst programs, so that a quarter of the room is free."""
        assert self._incumbent
        best: Iterable[_Kept] = heapq.nsmallest(self._capacity // 2, self._kept.values(), key=lambda kept: kept.order)
        keep = {id(k) for k in (*best, *self._best_of_ideas(), *self._specialists(), *self._seeds, self._incumbent)}
        self._kept = {number: kept for number, kept in self._kept.items() if id(kept) in keep}


def _compare(kept: _Kept, incumbent: _Kept) -> None:
    """Note the paired difference of a program to the incumbent, and its standard error."""
    kept.mean = kept.candidate.gap - incumbent.candidate.gap
    differences = [a - b for a, b in zip(kept.sample, incumbent.sample, strict=False)]
    count, mean = len(differences), sum(differences) / len(differences)
    kept.error = math.sqrt(sum((d - mean) ** 2 for d in differences) / max(1, count - 1) / count)
