"""How much GPU any scheduler could allocate, the future known: a linear relaxation over kinds of pods and of nodes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pulp

from evaluators.gpu_cluster.verifier import MILLI, Node, Pod, Workload
from workbench.model import Instance, Reference


def solve(instance: Instance) -> Reference:
    """Reference of one instance: the bound in % of the cluster's GPU capacity."""
    started = time.perf_counter()
    workload = Workload.from_data(instance.data)
    value = 100 * allocation_bound(workload) / workload.capacity
    return Reference(value, "bound", f"vector LP, PuLP {pulp.__version__} with CBC", round(time.perf_counter() - started, 3))


def allocation_bound(workload: Workload) -> float:
    """Upper bound on the allocated GPU, thousandths.

    x[k, c] pods of kind k go to nodes of class c (equal nodes), no more than have come. Each class is a set of equal bins: cpu,
    memory and GPU of its nodes, and its single GPUs. Bins hold no more than their size in sum, and no more either when large items
    count as whole bins and those that may still fit beside them as nothing (dual feasible functions, Fekete and Schepers 2001): two
    pods of 0.81 GPU need two GPUs.

    Raises
    ------
    TimeoutError
        When CBC does not end with an optimum.
    """
    counts = Counter(workload.arrivals)
    classes = Counter(workload.nodes)
    model = pulp.LpProblem("gpu_allocation", pulp.LpMaximize)
    pairs = {
        (kind, node): pulp.LpVariable(f"x_{kind}_{number}", 0, count)
        for kind, count in sorted(counts.items())
        for number, node in enumerate(classes)
        if _could_host(node, workload.kinds[kind])
    }
    gpu = {kind: pod.gpus * pod.milli for kind, pod in enumerate(workload.kinds)}
    model += pulp.lpSum(gpu[kind] * x for (kind, _), x in pairs.items())
    for kind, count in counts.items():
        model += pulp.lpSum(x for (k, _), x in pairs.items() if k == kind) <= count
    for node, bins in classes.items():
        here = {kind: x for (kind, n), x in pairs.items() if n == node}
        for row, size in _rows(node, {kind: workload.kinds[kind] for kind in here}):
            model += pulp.lpSum(row[kind] * here[kind] for kind in row) <= size * bins
    model.solve(pulp.PULP_CBC_CMD(msg=False, threads=1))
    if pulp.LpStatus[model.status] != "Optimal":
        raise TimeoutError(f"CBC ended with {pulp.LpStatus[model.status]!r}")
    value: float = pulp.value(model.objective) or 0.0
    # Never more than was asked for; a millionth covers CBC's tolerance, so that rounding does not make the bound wrong.
    return min(value * (1 + 1e-6), float(sum(count * gpu[kind] for kind, count in counts.items())))


def _could_host(node: Node, pod: Pod) -> bool:
    return pod.cpu <= node.cpu and pod.memory <= node.memory and pod.gpus <= node.gpus and pod.accepts(node.model)


def _rows(node: Node, pods: dict[int, Pod]) -> Iterator[tuple[dict[int, float], float]]:
    """Valid inequalities of one node: coefficients by kind, and the right-hand side for one node."""
    resources: Sequence[tuple[dict[int, int], dict[int, int], int, int]] = (
        # size of one item, items of one pod, size of a bin, bins of one node
        ({k: p.cpu for k, p in pods.items()}, dict.fromkeys(pods, 1), node.cpu, 1),
        ({k: p.memory for k, p in pods.items()}, dict.fromkeys(pods, 1), node.memory, 1),
        ({k: p.gpus * p.milli for k, p in pods.items()}, dict.fromkeys(pods, 1), node.gpus * MILLI, 1),
        ({k: p.milli for k, p in pods.items()}, {k: p.gpus for k, p in pods.items()}, MILLI, node.gpus),
    )
    for sizes, items, bin_size, bins in resources:
        if not bin_size or not bins:
            continue
        # The least threshold that counts a large item as a whole bin, for each size of large items; others are implied.
        thresholds = sorted({bin_size - s + 1 for s in sizes.values() if bin_size + 2 <= 2 * s <= 2 * bin_size})
        for threshold in (0, *thresholds):
            row = {k: items[k] * _feasible_size(s, bin_size, threshold) for k, s in sizes.items()}
            yield {k: v for k, v in row.items() if v}, float(bins * bin_size)


def _feasible_size(size: int, bin_size: int, threshold: int) -> int:
    """Size of an item under the dual feasible function of a threshold of at most half a bin; 0 leaves sizes as they are."""
    if size > bin_size - threshold:
        return bin_size
    return size if size >= threshold else 0
