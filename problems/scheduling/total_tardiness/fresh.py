"""Instances as those of the test split, drawn for one program."""

from __future__ import annotations

import random

from workbench.model import Instance, Split

from . import instances as made


def instances(seed: int) -> list[Instance]:
    """Draw as many instances of each size as test has, over the same cells."""
    return [
        made._instance(f"fresh-{seed}-{n}-{rdd}-{tf}-{copy}", made.family(n), made.uniform(n, rdd, tf, rng))
        for n, copies in made._GRID[Split.TEST].items()
        for rdd in made.RANGES
        for tf in made.TIGHTNESS
        for copy in range(copies)
        for rng in [random.Random(f"scheduling/total_tardiness fresh {seed} {n} {rdd} {tf} {copy}")]
    ]
