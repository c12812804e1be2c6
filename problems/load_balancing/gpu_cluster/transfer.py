"""Another generator: slices of GPUs in sevenths, on nodes of four and eight GPUs. Nothing is tuned on these."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

SOURCE = "GPU slices of one to seven sevenths, the sizes of NVIDIA's Multi-Instance GPU"

_SEVENTHS = (1, 2, 3, 4, 7)
_MIXES = {
    "even": (20, 20, 20, 20, 20),
    "small": (40, 30, 15, 10, 5),
    "large": (5, 10, 15, 30, 40),
    "both-ends": (35, 12, 6, 12, 35),
}
"""Weights of the slice sizes."""
_NODES = 24
_HISTORY = 2000


def instances() -> list[Instance]:
    """Eight instances of each mix of slices; one pod in ten asks for several whole GPUs, one in ten for none."""
    found = []
    for mix, weights in _MIXES.items():
        for copy in range(8):
            id = f"transfer-{mix}-{copy}"
            rng = random.Random(f"load_balancing/gpu_cluster {id}")
            nodes = [_node(rng) for _ in range(_NODES)]
            pool = [_pod(rng, weights) for _ in range(_HISTORY)]
            found.append(Instance(id, f"slices-{mix}", made.workload(nodes, made.draw(nodes, pool, 1.1, rng), pool)))
    return found


def _node(rng: random.Random) -> list[int | str]:
    gpus = rng.choice((4, 8))
    return [12_000 * gpus, 128 * 1024 * gpus, gpus, "A"]


def _pod(rng: random.Random, weights: tuple[int, ...]) -> made.Kind:
    # Between half and twice the share of a node's cores and memory that goes with the share of its GPUs.
    kind = rng.random()
    if kind < 0.1:
        return 1000 * rng.choice((2, 4, 8)), 1024 * rng.choice((8, 16, 32)), 0, 0, ()
    part, gpus = (7, rng.choice((2, 4))) if kind < 0.2 else (rng.choices(_SEVENTHS, weights)[0], 1)
    cores = round(12_000 * gpus * part / 7 * rng.choice((0.5, 1.0, 2.0)))
    memory = round(128 * 1024 * gpus * part / 7 * rng.choice((0.25, 0.5, 1.0)))
    return cores, memory, gpus, 1000 * part // 7, ()
