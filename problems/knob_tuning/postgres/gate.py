"""Fresh stress instances for a run's gate, some of each family; of queries that train and validation have, none of test's."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made

FAMILIES = {
    "one-query": "the workload is a single query",
    "writes-only": "there are only transactions: every index costs",
    "best-is-default": "nothing is better than the default configuration",
    "single-knob": "only one knob can be changed and there are no indexes",
    "indexes-only": "all knobs are fixed, only indexes can be chosen",
    "one-index": "at most one index is allowed",
    "no-memory": "the default takes all the memory there is",
    "tiny-budget": "there are three runs only",
    "noisy": "measurements err by a fifth",
}
"""What each family is, as a finding tells it."""
COPIES = 3
"""Instances of each family: on a single one a starting program that tries by chance may be lucky, and nobody passes then."""


def instances(seed: int) -> list[Instance]:
    """Instances of each family, all drawn from `seed`."""
    known = made.POOLS[Split.TRAIN], made.POOLS[Split.VALIDATION]
    pool = made.Pool(*(known[0][i] + known[1][i] for i in range(3)))
    return [
        made._instance(f"gate-{seed}-{family}-{copy}", family, lambda rng, make=made.SHAPES[family][1]: make(rng, pool))
        for family in FAMILIES
        for copy in range(COPIES)
    ]
