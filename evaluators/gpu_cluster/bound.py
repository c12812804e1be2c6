"""Upper bound on the GPU capacity that any offline scheduler can allocate: a linear relaxation over kinds of pods and nodes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pulp

from evaluators.gpu_cluster.verifier import MILLI, Node, Pod, Workload
from workbench.model import Instance, Reference


def solve(instance: Instance) -> Reference:
    """Compute the reference of one instance: the bound in percent of the cluster's GPU capacity."""
    started = time.perf_counter()
    workload = Workload.from_data(instance.data)
    value = 100 * allocation_bound(workload) / workload.capacity
    return Reference(value, "bound", f"vector LP, PuLP {pulp.__version__} with CBC", round(time.perf_counter() - started, 3))


def allocation_bound(workload: Workload) -> float:
    """Return an upper bound on the allocated GPU capacity, in thousandths of a GPU.

    Variables x[k, c]: number of pods of kind k on nodes of class c (identical nodes), at most the number of arrivals. Each class
    is a set of identical bins: CPU, memory and GPU of its nodes, and its single GPUs. The total size of items is at most the total
    bin size, also under dual feasible functions (Fekete and Schepers 2001), which count large items as whole bins and items that
    may fit beside them as 0: two pods of 0.81 GPU need two GPUs.

    Raises
    ------
    TimeoutError
        CBC does not find an optimum.
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
        raise TimeoutError(f"CBC ended with status {pulp.LpStatus[model.status]!r}")
    value: float = pulp.value(model.objective) or 0.0
    # At most the requested total. The factor covers CBC's tolerance, so that rounding cannot invalidate the bound.
    return min(value * (1 + 1e-6), float(sum(count * gpu[kind] for kind, count in counts.items())))


def _could_host(node: Node, pod: Pod) -> bool:
    return pod.cpu <= node.cpu and pod.memory <= node.memory and pod.gpus <= node.gpus and pod.accepts(node.model)


def _rows(node: Node, pods: dict[int, Pod]) -> Iterator[tuple[dict[int, float], float]]:
    """Yield valid inequalities for one node: coefficients by kind, and the right-hand side."""
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
        # For each size of large items, the smallest threshold that counts it as a whole bin; others are implied.
        thresholds = sorted({bin_size - s + 1 for s in sizes.values() if bin_size + 2 <= 2 * s <= 2 * bin_size})
        for threshold in (0, *thresholds):
            row = {k: items[k] * _feasible_size(s, bin_size, threshold) for k, s in sizes.items()}
            yield {k: v for k, v in row.items() if v}, float(bins * bin_size)


def _feasible_size(size: int, bin_size: int, threshold: int) -> int:
    """Return an item's size under the dual feasible function with a threshold of at most half a bin; 0 changes nothing."""
    if size > bin_size - threshold:
        return bin_size
    return size if size >= threshold else 0
