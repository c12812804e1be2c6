"""Samples of a recorded cluster and its trace, split by time; the whole trace for test; synthetic clusters for stress tests."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from workbench.model import Instance, Split

_DATA = Path(__file__).parent / "data" / "openb_2023.json.gz"

Kind = tuple[int, int, int, int, tuple[str, ...]]
"""Thousandths of a core, MiB, GPUs, thousandths of each GPU, accepted GPU models."""

WORKLOADS = {"default": "default", "share": "gpushare40", "spec": "gpuspec33", "cpu": "cpu250", "crowded": "default"}
"""Variant of the trace by instance class. The published study derived the others from the first: more sharing, required GPU
models, more pods without GPU."""
LOADS = {"default": 1.0, "share": 1.0, "spec": 1.0, "cpu": 1.0, "crowded": 1.3}
"""Ratio of the GPUs requested by all arrivals to the GPUs of the cluster."""
NODES = 32

_WINDOWS = {Split.TRAIN: (0.0, 0.4), Split.VALIDATION: (0.4, 0.6), Split.TEST: (0.6, 1.0)}
"""Part of the trace, in order of time, from which each split draws its pods."""
_COPIES = {Split.TRAIN: 8, Split.VALIDATION: 8, Split.TEST: 12}


class Trace(NamedTuple):
    """A variant of the trace: distinct pods, and arrivals in order of time."""

    kinds: list[Kind]
    arrivals: list[int]

    def window(self, low: float, high: float) -> list[Kind]:
        """Return the pods that arrived in a part of the trace."""
        n = len(self.arrivals)
        return [self.kinds[i] for i in self.arrivals[int(low * n) : int(high * n)]]


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, in a fixed order.

    train, validation and test draw pods from the first 40 %, the next 20 % and the last 40 % of the arrivals. test also replays the
    whole trace on the whole cluster, in the recorded and in another order, shown but not scored: it holds the pods of train.
    """
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    if split is Split.STRESS:
        return tuple(_stress())
    sampled = [_sampled(split, family, copy) for family in WORKLOADS for copy in range(_COPIES[split])]
    return (*sampled, *(_whole() if split is Split.TEST else ()))


@lru_cache(1)
def _record() -> tuple[list[list[Any]], dict[str, Trace]]:
    record = json.loads(gzip.decompress(_DATA.read_bytes()))
    traces = {
        name: Trace([(*kind[:4], tuple(kind[4])) for kind in w["kinds"]], w["arrivals"]) for name, w in record["workloads"].items()
    }
    return record["nodes"], traces


def _sampled(split: Split, family: str, copy: int) -> Instance:
    id = f"{split}-{family}-{copy}"
    rng = _rng(id)
    nodes = cluster(NODES, rng)
    pool = _record()[1][WORKLOADS[family]].window(*_WINDOWS[split])
    return Instance(id, family, workload(nodes, draw(nodes, pool, LOADS[family], rng), pool))


def _whole() -> Iterator[Instance]:
    nodes, traces = _record()
    for family in ("default", "share", "spec", "cpu"):
        trace = traces[WORKLOADS[family]]
        pods = trace.window(0.0, 1.0)
        for order in ("recorded", "shuffled") if family == "default" else ("recorded",):
            id = f"{Split.TEST}-whole-{family}-{order}"
            came = pods if order == "recorded" else _rng(id).sample(pods, len(pods))
            yield Instance(id, f"smoke-whole-{family}", workload(nodes, came, pods))


def cluster(n: int, rng: random.Random) -> list[list[Any]]:
    """Draw n distinct nodes of the recorded cluster, in their original order."""
    nodes = _record()[0]
    return [nodes[i] for i in sorted(rng.sample(range(len(nodes)), n))]


def draw(nodes: list[list[Any]], pool: list[Kind], load: float, rng: random.Random) -> list[Kind]:
    """Draw pods from `pool` with replacement until they request `load` times the cluster's GPUs.

    Pods that do not fit on any empty node are excluded.
    """
    hosted = {pod for pod in set(pool) if any(_could_host(node, pod) for node in nodes)}
    pool = [pod for pod in pool if pod in hosted]
    left = load * 1000 * sum(node[2] for node in nodes)
    pods = []
    while left > 0:
        pods.append(rng.choice(pool))
        left -= pods[-1][2] * pods[-1][3]
    return pods


def _could_host(node: list[Any], pod: Kind) -> bool:
    cpu, memory, gpus, _, models = pod
    return cpu <= node[0] and memory <= node[1] and gpus <= node[2] and (not models or node[3] in models)


def workload(nodes: list[list[Any]], pods: list[Kind], history: list[Kind]) -> dict[str, Any]:
    """Return the data of one instance: pods in order of arrival, and the popularity of their kinds in `history`."""
    kinds = list(dict.fromkeys((*pods, *history)))
    index = {kind: i for i, kind in enumerate(kinds)}
    count = Counter(history)
    return {
        "nodes": nodes,
        "kinds": [[*kind[:4], list(kind[4])] for kind in kinds],
        "popularity": [round(count[kind] / max(1, len(history)), 6) for kind in kinds],
        "arrivals": [index[pod] for pod in pods],
    }


# --------------------------------------------------------------------------- stress


def _stress() -> Iterator[Instance]:
    shapes: dict[str, tuple[int, Callable[[random.Random], dict[str, Any]]]] = {
        "ten-times": (2, _ten_times),
        "single-node": (3, _single_node),
        "equal-nodes": (3, _equal_nodes),
        "whole-gpus": (3, _whole_gpus),
        "awkward-parts": (3, _awkward_parts),
        "small-first": (3, lambda rng: _sorted(rng, 1)),
        "large-first": (3, lambda rng: _sorted(rng, -1)),
        "gpuless-first": (3, _gpuless_first),
        "short-of-cpu": (3, _short_of_cpu),
        "no-history": (3, lambda rng: _with_history(rng, (0.0, 0.0))),
        "old-history": (3, lambda rng: _with_history(rng, (0.0, 0.1))),
    }
    for family, (copies, make) in shapes.items():
        for copy in range(copies):
            id = f"{Split.STRESS}-{family}-{copy}"
            yield Instance(id, family, make(_rng(id)))


def _all_pods() -> list[Kind]:
    return _record()[1]["default"].window(0.0, 1.0)


def _ten_times(rng: random.Random) -> dict[str, Any]:
    nodes = cluster(10 * NODES, rng)
    return workload(nodes, draw(nodes, _all_pods(), 1.0, rng), _all_pods())


def _single_node(rng: random.Random) -> dict[str, Any]:
    # Only the GPU can be chosen.
    nodes = [[96000, 393216, 8, "G2"]]
    pool = [pod for pod in _all_pods() if pod[2] <= 1]
    return workload(nodes, draw(nodes, pool, 1.2, rng), pool)


def _equal_nodes(rng: random.Random) -> dict[str, Any]:
    # Ties everywhere: identical nodes, and shares that fill a GPU exactly.
    nodes = [[64000, 262144, 4, "G2"]] * 24
    pool: list[Kind] = [
        (cpu, 4096, gpus, milli, ()) for cpu, gpus, milli in ((4000, 1, 250), (8000, 1, 500), (16000, 1, 1000), (32000, 2, 1000))
    ]
    return workload(nodes, draw(nodes, pool, 1.0, rng), pool)


def _whole_gpus(rng: random.Random) -> dict[str, Any]:
    nodes = cluster(NODES, rng)
    pool = [(cpu, memory, gpus, 1000, ()) for cpu, memory, gpus, milli, _ in _all_pods() if gpus and milli == 1000]
    pool += [pod for pod in pool if pod[2] > 1] * 10
    return workload(nodes, draw(nodes, pool, 1.1, rng), pool)


def _awkward_parts(rng: random.Random) -> dict[str, Any]:
    # Only 510 + 490, 340 + 330 + 330 and 260 + 740 fill a GPU completely.
    nodes = cluster(NODES, rng)
    pool: list[Kind] = [(3000, 8192, 1, milli, ()) for milli in (510, 490, 340, 330, 330, 260, 740)]
    return workload(nodes, draw(nodes, pool, 1.05, rng), pool)


def _sorted(rng: random.Random, sign: int) -> dict[str, Any]:
    nodes = cluster(NODES, rng)
    pods = draw(nodes, _all_pods(), 1.0, rng)
    return workload(nodes, sorted(pods, key=lambda pod: sign * pod[2] * pod[3]), _all_pods())


def _gpuless_first(rng: random.Random) -> dict[str, Any]:
    # Pods without GPU use the CPUs of nodes first; then pods arrive that need both.
    nodes = cluster(NODES, rng)
    pods = draw(nodes, _record()[1]["cpu250"].window(0.0, 1.0), 1.0, rng)
    return workload(nodes, sorted(pods, key=lambda pod: pod[2] > 0), _all_pods())


def _short_of_cpu(rng: random.Random) -> dict[str, Any]:
    nodes = [[cpu // 2, memory, gpus, model] for cpu, memory, gpus, model in cluster(NODES, rng)]
    return workload(nodes, draw(nodes, _all_pods(), 1.0, rng), _all_pods())


def _with_history(rng: random.Random, window: tuple[float, float]) -> dict[str, Any]:
    # The popularity passed to policies is unknown, or from another time.
    nodes = cluster(NODES, rng)
    trace = _record()[1]["default"]
    return workload(nodes, draw(nodes, trace.window(0.6, 1.0), 1.0, rng), trace.window(*window))


def _rng(id: str) -> random.Random:
    return random.Random(f"load_balancing/gpu_cluster {id}")
