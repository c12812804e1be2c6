"""Instances as those of the test split, drawn for one program; those of OR-Library have the same generator."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

_COPIES = {40: 2, 50: 2, 100: 1, 200: 1}
"""Instances per cell (RDD, TF) of the grid, by number of jobs."""


def instances(seed: int) -> list[Instance]:
    """Draw instances of the sizes of test, over the same cells."""
    return [
        made._instance(f"fresh-{seed}-{n}-{rdd}-{tf}-{copy}", f"n{n}", made.crauwels(n, rdd, tf, rng))
        for n, copies in _COPIES.items()
        for rdd in made.RANGES
        for tf in made.TIGHTNESS
        for copy in range(copies)
        for rng in [random.Random(f"scheduling/weighted_tardiness fresh {seed} {n} {rdd} {tf} {copy}")]
    ]
