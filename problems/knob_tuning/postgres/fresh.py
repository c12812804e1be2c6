"""Instances as those of the test split, drawn for one program from the queries and transactions that belong to test."""

from __future__ import annotations

import random

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 16
"""Instances of each class."""


def instances(seed: int) -> list[Instance]:
    """Draw other workloads of the same queries and transactions: they were measured, there are no others."""
    return [
        Instance(id, family, made.workload(family, made.POOLS[Split.TEST], random.Random(f"knob_tuning/postgres {id}")))
        for family in made.FAMILIES
        for copy in range(_COPIES)
        for id in [f"fresh-{seed}-{family}-{copy}"]
    ]
