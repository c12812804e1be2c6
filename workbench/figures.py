"""Small tuples of numbers that belong together: times, differences with their errors, intervals, counts."""

from __future__ import annotations

import math
from typing import Any, NamedTuple


class Seconds(NamedTuple):
    """Time that a program took on an instance: the median and the longest, in seconds."""

    median: float
    longest: float


class Effect(NamedTuple):
    """What a change did to the gap on the same instances; below 0 is better.

    Attributes
    ----------
    mean, error
        Mean difference to the parent's gap and its standard error (infinite: unknown).
    helped, hurt
        Instance classes that are better or worse by more than twice their standard error, the largest change first.
    """

    mean: float
    error: float
    helped: tuple[str, ...] = ()
    hurt: tuple[str, ...] = ()

    @property
    def within_noise(self) -> bool:
        """Whether the difference is smaller than twice its standard error."""
        return abs(self.mean) <= 2 * self.error

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object; an unknown error is null."""
        return {**self._asdict(), "error": self.error if math.isfinite(self.error) else None}


class Interval(NamedTuple):
    """A mean and its confidence interval."""

    mean: float
    low: float
    high: float


class Record(NamedTuple):
    """Number of instances on which the first of two programs was better, equal or worse."""

    wins: int
    ties: int
    losses: int
