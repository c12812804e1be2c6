"""Further instances as those of train, for a run that cannot tell its best candidates apart, and a large one."""

from __future__ import annotations

import random

from workbench.model import Instance, Split

from . import instances as made

_LARGEST = 200
"""Jobs of the largest instances of the grid."""


def instances(seed: int) -> list[Instance]:
    """Draw one instance of each size that counts and cell of train."""
    return [
        _drawn(f"replicate-{seed}-n{n}-r{rdd}-t{tf}", f"n{n}", n, rdd, tf)
        for n in made._GRID[Split.TRAIN]
        if n > made.SOLVED
        for rdd in made.RANGES
        for tf in made.TIGHTNESS
    ]


def largest(seed: int) -> Instance:
    """Draw an instance in the middle of the grid."""
    return _drawn(f"replicate-{seed}-largest", f"{_LARGEST} jobs", _LARGEST, 0.6, 0.6)


def _drawn(id: str, family: str, n: int, rdd: float, tf: float) -> Instance:
    return made._instance(id, family, made.crauwels(n, rdd, tf, random.Random(f"scheduling/weighted_tardiness {id}")))
