"""How large instances are: their number, and the amount of data in each."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.model import Instance
from workbench.values import count_scored

_PLAIN = {int, float, bool, type(None)}


@dataclass(frozen=True, slots=True)
class Sizes:
    """The instances of a split.

    Attributes
    ----------
    instances, classes, scored
        Their number, that of their instance classes, and how many instances count in the mean gap (the others are smoke tests).
    smallest, median, largest
        Numbers, truth values and characters in the data of an instance; 0 if there are none.
    """

    instances: int
    classes: int
    scored: int
    smallest: int
    median: int
    largest: int


def size(value: Any) -> int:
    """Size of an instance's data: the number of numbers, truth values and characters in it."""
    if isinstance(value, Mapping):
        return sum(map(size, value.values()))
    if isinstance(value, list | tuple):
        return len(value) if set(map(type, value)) <= _PLAIN else sum(map(size, value))  # 15 times as fast for long lists
    return len(value) if isinstance(value, str) else 1


def sizes_of(instances: Sequence[Instance]) -> Sizes:
    """Return how many instances there are and how large they are."""
    found = sorted(size(instance.data) for instance in instances) or [0]
    families = [instance.family for instance in instances]
    return Sizes(len(instances), len(set(families)), count_scored(families), found[0], statistics.median_low(found), found[-1])


def told(splits: Mapping[str, Sizes]) -> str:
    """Return the sizes of the instances of some splits in one line."""
    each = (f"{split} {' / '.join(map(_short, (s.smallest, s.median, s.largest)))}" for split, s in splits.items())
    return f"Values in the smallest / median / largest instance: {', '.join(each)}"


def _short(count: int) -> str:
    return f"{count / 1000:.0f}k" if count >= 10_000 else f"{count:,}"
