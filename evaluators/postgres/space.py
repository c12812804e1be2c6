"""Space of configurations: knobs with levels, and subsets of candidate indexes."""

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
    """A parameter with its levels in ascending order and its default; all levels have the same type."""

    name: str
    levels: tuple[Level, ...]
    default: Level

    def check(self, value: Any) -> int:
        """Check the type and bounds of a value and return the index of the nearest level.

        Numbers between two levels are rounded by ratio, because levels grow geometrically (4 MB, 16 MB); ties go to the lower.

        Raises
        ------
        Infeasible
            With the rule and the offending value.
        """
        what = f"knob {self.name}"
        if type(self.default) is bool:
            if boolean(value, what) not in self.levels:
                raise Infeasible(f"{what} must be {self.default} in this space, got {describe(value)}")
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
    """A legal configuration: the level of each knob, and the positions of the chosen candidate indexes in ascending order."""

    levels: tuple[int, ...]
    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Space:
    """The set of legal configurations.

    Attributes
    ----------
    knobs
        Knobs in a fixed order.
    indexes
        Names of the candidate indexes, such as "orders(o_custkey)".
    most_indexes
        Maximum number of indexes of a configuration.
    """

    knobs: tuple[Knob, ...]
    indexes: tuple[str, ...]
    most_indexes: int

    @property
    def default(self) -> Configuration:
        """The configuration with all knobs at their defaults and no index."""
        return Configuration(tuple(knob.levels.index(knob.default) for knob in self.knobs), ())

    def place(self, name: str) -> int:
        """Return the position of a knob."""
        return next(i for i, knob in enumerate(self.knobs) if knob.name == name)

    def all_levels(self, fixed: Collection[str] = ()) -> Iterator[tuple[int, ...]]:
        """Iterate over all combinations of knob levels, with knobs in `fixed` at their defaults."""
        default = self.default.levels
        return product(*([default[i]] if knob.name in fixed else range(len(knob.levels)) for i, knob in enumerate(self.knobs)))

    def check(self, answer: Any, what: str = "the configuration") -> Configuration:
        """Validate a configuration returned by a program: {"knobs": {name: value}, "indexes": [name, ...]}.

        Omitted knobs have their defaults.

        Raises
        ------
        Infeasible
            The answer has another form, a knob or index is unknown or repeated, a value has the wrong type or is out of bounds,
            or there are too many indexes.
        """
        if type(answer) is not dict or set(answer) != {"knobs", "indexes"}:
            raise Infeasible(f'{what} must be a dict with the keys "knobs" and "indexes", got {_keys(answer)}')
        knobs = answer["knobs"]
        if type(knobs) is not dict:
            raise Infeasible(f'"knobs" of {what} must be a dict, got {describe(knobs)}')
        levels = list(self.default.levels)
        places = {knob.name: i for i, knob in enumerate(self.knobs)}
        for name, value in knobs.items():
            if name not in places:
                raise Infeasible(f"{what} sets {describe(name)}, which is not a knob of this space")
            levels[places[name]] = self.knobs[places[name]].check(value)
        chosen: set[int] = set()
        for name in sequence(answer["indexes"], f'"indexes" of {what}', at_most=self.most_indexes):
            if type(name) is not str or name not in self.indexes:
                raise Infeasible(f"{what} has index {describe(name)}, which is not a candidate of this space")
            if self.indexes.index(name) in chosen:
                raise Infeasible(f"{what} has index {describe(name)} twice")
            chosen.add(self.indexes.index(name))
        return Configuration(tuple(levels), tuple(sorted(chosen)))

    def told(self, configuration: Configuration) -> dict[str, Any]:
        """Return a configuration in the form that programs use, with every knob at its level."""
        knobs = {knob.name: knob.levels[level] for knob, level in zip(self.knobs, configuration.levels, strict=True)}
        return {"knobs": knobs, "indexes": [self.indexes[i] for i in configuration.indexes]}


def narrowed(space: Space, levels: Mapping[str, tuple[Level, ...]], indexes: tuple[str, ...], most_indexes: int) -> Space:
    """Restrict a space to fewer levels of some knobs (a single level fixes a knob) and to some indexes.

    If a default is removed, the nearest remaining level replaces it.
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
    """Return all subsets of range(n) with at most `most` elements, smaller ones first."""
    return [some for size in range(min(n, most) + 1) for some in combinations(range(n), size)]


def _keys(answer: Any) -> str:
    if type(answer) is dict:
        return f"the keys {', '.join(describe(key) for key in list(answer)[:4]) or 'none'}"
    return describe(answer)
