"""Stress instances for the robustness filter, several per class, from queries of train and validation only."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made

FAMILIES = {
    "one-query": "the workload is a single query",
    "writes-only": "there are only transactions, so that every index costs",
    "best-is-default": "nothing is better than the default configuration",
    "single-knob": "only one knob can be changed and there are no indexes",
    "indexes-only": "all knobs are fixed, only indexes can be chosen",
    "one-index": "at most one index is allowed",
    "no-memory": "the default uses all memory",
    "tiny-budget": "there are only three runs",
    "noisy": "measurements have 20 % noise",
}
"""Description of each class, for messages."""
COPIES = 3
"""Number of instances per class: on a single one, a random initial program may be lucky, and no candidate would pass."""


def instances(seed: int) -> list[Instance]:
    """Generate the instances of each class from a random seed."""
    known = made.POOLS[Split.TRAIN], made.POOLS[Split.VALIDATION]
    pool = made.Pool(*(known[0][i] + known[1][i] for i in range(3)))
    return [
        made._instance(f"gate-{seed}-{family}-{copy}", family, lambda rng, make=made.SHAPES[family][1]: make(rng, pool))
        for family in FAMILIES
        for copy in range(COPIES)
    ]
