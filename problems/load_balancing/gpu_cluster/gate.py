"""Stress instances for the robustness filter, one of each class; none is among the held-out ones, pods are of the train part."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from workbench.model import Instance

from . import instances as made

FAMILIES = {
    "ten-times": "there are several times as many nodes and pods as in training",
    "single-node": "there is a single node",
    "equal-nodes": "all nodes are equal and few kinds of pods come, so that most comparisons are ties",
    "whole-gpus": "pods ask for whole GPUs only, often several",
    "awkward-parts": "pods ask for parts of a GPU that hardly add up to a whole one",
    "small-first": "pods come in order of size, small ones first",
    "large-first": "pods come in order of size, large ones first",
    "gpuless-first": "pods without GPU come first",
    "short-of-cpu": "nodes have half of their CPU",
    "no-history": "nothing is known about which pods are popular",
    "old-history": "the popularity of pods is that of another time",
}
"""Description of each class, for messages."""

_NODES = 24
"""Number of nodes; the held-out instances have 32."""
_TRAIN = (0.0, 0.4)


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed; like the held-out ones, with other sizes and loads."""
    shapes: dict[str, Callable[[random.Random], dict[str, Any]]] = {
        "ten-times": lambda rng: _usual(rng, nodes=3 * made.NODES),
        "single-node": _single_node,
        "equal-nodes": _equal_nodes,
        "whole-gpus": _whole_gpus,
        "awkward-parts": _awkward_parts,
        "small-first": lambda rng: _usual(rng, order=lambda pod: pod[2] * pod[3]),
        "large-first": lambda rng: _usual(rng, order=lambda pod: -pod[2] * pod[3]),
        "gpuless-first": lambda rng: _usual(rng, trace="cpu250", order=lambda pod: pod[2] > 0),
        "short-of-cpu": _short_of_cpu,
        "no-history": lambda rng: _usual(rng, history=(0.0, 0.0)),
        "old-history": lambda rng: _usual(rng, window=(0.2, 0.4), history=(0.0, 0.05)),
    }
    found = []
    for family, make in shapes.items():
        id = f"gate-{seed}-{family}"
        found.append(Instance(id, family, make(made._rng(id))))
    return found


def _pods(trace: str = "default", window: tuple[float, float] = _TRAIN) -> list[made.Kind]:
    return made._record()[1][trace].window(*window)


def _usual(
    rng: random.Random,
    *,
    nodes: int = _NODES,
    trace: str = "default",
    window: tuple[float, float] = _TRAIN,
    history: tuple[float, float] = _TRAIN,
    order: Callable[[made.Kind], float] | None = None,
) -> dict[str, Any]:
    """Pods of a window of the trace on nodes of the cluster, in random or a given order."""
    cluster = made.cluster(nodes, rng)
    pods = made.draw(cluster, _pods(trace, window), rng.uniform(0.95, 1.1), rng)
    return made.workload(cluster, sorted(pods, key=order) if order else pods, _pods("default", history))


def _single_node(rng: random.Random) -> dict[str, Any]:
    nodes = [[96000, 393216, rng.choice((4, 8)), "G2"]]
    pool = [pod for pod in _pods() if pod[2] <= 1]
    return made.workload(nodes, made.draw(nodes, pool, rng.uniform(1.1, 1.3), rng), pool)


def _equal_nodes(rng: random.Random) -> dict[str, Any]:
    nodes = [[64000, 262144, 4, "G2"]] * rng.randint(12, 20)
    pool: list[made.Kind] = [
        (cpu, 4096, gpus, milli, ()) for cpu, gpus, milli in ((3000, 1, 200), (6000, 1, 400), (15000, 1, 1000), (30000, 2, 1000))
    ]
    return made.workload(nodes, made.draw(nodes, pool, 1.0, rng), pool)


def _whole_gpus(rng: random.Random) -> dict[str, Any]:
    nodes = made.cluster(_NODES, rng)
    pool: list[made.Kind] = [(pod[0], pod[1], pod[2], 1000, ()) for pod in _pods() if pod[2] and pod[3] == 1000]
    pool += [pod for pod in pool if pod[2] > 1] * 5
    return made.workload(nodes, made.draw(nodes, pool, 1.1, rng), pool)


def _awkward_parts(rng: random.Random) -> dict[str, Any]:
    nodes = made.cluster(_NODES, rng)
    pairs = [rng.randint(505, 750) for _ in range(3)]
    pool: list[made.Kind] = [(3000, 8192, 1, milli, ()) for part in pairs for milli in (part, 1000 - part)]
    return made.workload(nodes, made.draw(nodes, pool, 1.05, rng), pool)


def _short_of_cpu(rng: random.Random) -> dict[str, Any]:
    nodes = [[cpu // 2, memory, gpus, model] for cpu, memory, gpus, model in made.cluster(_NODES, rng)]
    return made.workload(nodes, made.draw(nodes, _pods(), 1.0, rng), _pods())
