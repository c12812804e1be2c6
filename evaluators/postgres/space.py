"""A typed, bounded space of configurations: knobs with levels, and a few of a list of candidate indexes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from workbench.checks import boolean, describe, integer, number, sequence
from workbench.errors import Infeasible

Level = bool | int | float


@dataclass(frozen=True, slots=True)
class Knob:
    """A parameter with its levels in ascending order and its default; all levels are of one type, which is the knob's."""

    name: str
    levels: tuple[Level, ...]
    default: Level

    def check(self, value: Any) -> int:
        """Which level a value is nearest to, once it is of the knob's type and within its bounds.

        Numbers between two levels go to the nearer by ratio (levels are far apart: 4 MB, 16 MB), a tie to the lower.

        Raises
        ------
        Infeasible
            With the rule and the offending value.
        """
        what = f"knob {self.name}"
        if type(self.default) is bool:
            if boolean(value, what) not in self.levels:
                raise Infeasible(f"{what} can only be {self.default} here, got {describe(value)}")
            return self.levels.index(value)
        low, high = self.levels[0], self.levels[-1]
        value = integer(value, what, int(low), int(high)) if type(self.default) is int else number(value, what, low, high)
        above = bisect_left(self.levels, value)
        if self.levels[above] == value or above == 0:
            return above
        # value / low <= high / value, without division
        return above - 1 if value * value <= self.levels[above - 1] * self.levels[above] else above


@dataclass(frozen=True, slots=True)
class Configuration:
    """A legal configuration: the level of each knob and which candidate indexes, by their positions, in ascending order."""

    levels: tuple[int, ...]
    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Space:
    """What may be chosen.

    Attributes
    ----------
    knobs
        In a fixed order.
    indexes
        Candidate indexes by name, such as "orders(o_custkey)".
    most_indexes
        How many of them a configuration may have.
    """

    knobs: tuple[Knob, ...]
    indexes: tuple[str, ...]
    most_indexes: int

    @property
    def default(self) -> Configuration:
        """All knobs at their defaults, no index."""
        return Configuration(tuple(knob.levels.index(knob.default) for knob in self.knobs), ())

    def place(self, name: str) -> int:
        """Position of a knob."""
        return next(i for i, knob in enumerate(self.knobs) if knob.name == name)

    def all_levels(self, fixed: Collection[str] = ()) -> Iterator[tuple[int, ...]]:
        """All combinations of the knobs' levels, those in `fixed` at their defaults."""
        default = self.default.levels
        return product(*([default[i]] if knob.name in fixed else range(len(knob.levels)) for i, knob in enumerate(self.knobs)))

    def check(self, answer: Any, what: str = "the configuration") -> Configuration:
        """Validate a configuration as a program gives it: {"knobs": {name: value}, "indexes": [name, ...]}.

        A knob that is left out has its default.

        Raises
        ------
        Infeasible
            When the shape is another, a knob or index is unknown or named twice, a value is of the wrong type or out of
            bounds, or there are too many indexes.
        """
        if type(answer) is not dict or set(answer) != {"knobs", "indexes"}:
            raise Infeasible(f'{what} must be a dict of "knobs" and "indexes", got {_keys(answer)}')
        knobs = answer["knobs"]
        if type(knobs) is not dict:
            raise Infeasible(f'"knobs" of {what} must be a dict, got {describe(knobs)}')
        levels = list(self.default.levels)
        places = {knob.name: i for i, knob in enumerate(self.knobs)}
        for name, value in knobs.items():
            if name not in places:
                raise Infeasible(f"{what} sets {describe(name)}, which is no knob here")
            levels[places[name]] = self.knobs[places[name]].check(value)
        chosen: set[int] = set()
        for name in sequence(answer["indexes"], f'"indexes" of {what}', at_most=self.most_indexes):
            if type(name) is not str or name not in self.indexes:
                raise Infeasible(f"{what} has index {describe(name)}, which is no candidate here")
            if self.indexes.index(name) in chosen:
                raise Infeasible(f"{what} has index {describe(name)} twice")
            chosen.add(self.indexes.index(name))
        return Configuration(tuple(levels), tuple(sorted(chosen)))

    def told(self, configuration: Configuration) -> dict[str, Any]:
        """A configuration as programs give and get it, every knob at the level it was taken for."""
        knobs = {knob.name: knob.levels[level] for knob, level in zip(self.knobs, configuration.levels, strict=True)}
        return {"knobs": knobs, "indexes": [self.indexes[i] for i in configuration.indexes]}


def narrowed(space: Space, levels: Mapping[str, tuple[Level, ...]], indexes: tuple[str, ...], most_indexes: int) -> Space:
    """A part of a space: some knobs with fewer levels (a single one fixes it), some indexes.

    A default that is left out gives way to the nearest level that is kept.
    """
    knobs = []
    for knob in space.knobs:
        kept = levels.get(knob.name, knob.levels)
        default = knob.default
        if default not in kept:
            default = min(kept, key=lambda level: abs(knob.levels.index(level) - knob.levels.index(knob.default)))
        knobs.append(Knob(knob.name, tuple(kept), default))
    return Space(tuple(knobs), indexes, most_indexes)


def sets_of(n: int, most: int) -> list[tuple[int, ...]]:
    """All sets of at most `most` of n things, smaller ones first."""
    return [some for size in range(min(n, most) + 1) for some in combinations(range(n), size)]


def _keys(answer: Any) -> str:
    if type(answer) is dict:
        return f"one of {', '.join(describe(key) for key in list(answer)[:4]) or 'nothing'}"
    return describe(answer)
