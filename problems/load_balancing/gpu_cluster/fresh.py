"""Instances as those of the test split, drawn for one program from the part of the trace that belongs to test."""

from __future__ import annotations

import random

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 30
"""Instances of each class; the whole trace was recorded once and cannot be drawn again."""


def instances(seed: int) -> list[Instance]:
    """Draw other nodes of the cluster, and other pods of the last part of the trace."""
    found = []
    for family, trace in made.WORKLOADS.items():
        pool = made._record()[1][trace].window(*made._WINDOWS[Split.TEST])
        for copy in range(_COPIES):
            id = f"fresh-{seed}-{family}-{copy}"
            rng = random.Random(f"load_balancing/gpu_cluster {id}")
            nodes = made.cluster(made.NODES, rng)
            found.append(Instance(id, family, made.workload(nodes, made.draw(nodes, pool, made.LOADS[family], rng), pool)))
    return found
