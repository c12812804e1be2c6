"""Lower bounds for vehicle routing, and the optimum for up to a dozen customers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from evaluators.vehicle.verifier import DEPOT, Delivery, matrix

_Floats = NDArray[np.float64]

LARGEST_EXACT = 12
"""Maximum number of customers for `optimum`, which enumerates all subsets of all subsets."""


def optimum(task: Delivery) -> int:
    """Return the minimum total length by dynamic programming over subsets: single tours (Held and Karp 1962), then sets of tours.

    Raises
    ------
    ValueError
        There are more than `LARGEST_EXACT` customers.
    """
    n = len(task.customers)
    if n > LARGEST_EXACT:
        raise ValueError(f"{n} customers are too many for subset enumeration; at most {LARGEST_EXACT} are allowed")
    d = matrix(task.coords)
    size = 1 << n
    load = [0] * size
    for subset in range(1, size):
        low = (subset & -subset).bit_length()
        load[subset] = load[subset & (subset - 1)] + task.demand[low]
    # ends[subset][j]: length of the shortest path from the depot through the subset to j.
    ends: list[dict[int, int]] = [{} for _ in range(size)]
    for j in task.customers:
        ends[1 << (j - 1)][j] = d[DEPOT][j]
    tour: list[float] = [math.inf] * size
    for subset in range(1, size):
        if load[subset] > task.capacity:
            continue
        tour[subset] = min(way + d[j][DEPOT] for j, way in ends[subset].items())
        for j in task.customers:
            bit = 1 << (j - 1)
            if not subset & bit:
                way = min(before + d[i][j] for i, before in ends[subset].items())
                ends[subset | bit][j] = min(way, ends[subset | bit].get(j, way))
    best: list[float] = [0.0] + [math.inf] * (size - 1)
    for subset in range(1, size):
        lowest = subset & -subset
        rest = part = subset ^ lowest
        while True:  # the tour of the lowest customer, with every subset of the others
            best[subset] = min(best[subset], tour[part | lowest] + best[rest ^ part])
            if not part:
                break
            part = (part - 1) & rest
    return int(best[-1])


def lower_bound(task: Delivery, steps: int = 300) -> int:
    """Return a lower bound on the total length: the larger of a radial and a spanning-tree bound, rounded up.

    Radial bound (Haimovich and Rinnooy Kan 1985): a route is at least twice as long as the path to its farthest customer, and
    therefore at least twice the sum of its customers' distances, each weighted by demand / capacity. Distances are shortest paths,
    because rounded distances may violate the triangle inequality.
    """
    d = np.array(matrix(task.coords), dtype=np.float64)
    demand = np.array(task.demand, dtype=np.float64)
    way = _shortest_ways(d)
    pairs = sorted(task.demand[1:])[:2]
    if len(pairs) == 1 or sum(pairs) > task.capacity:  # every customer needs a separate vehicle
        return int(2 * d[DEPOT].sum())
    radial = 2 * float(way @ demand) / task.capacity
    bound = max(radial, _tree_bound(d, task.fewest_routes, steps))
    # Lengths are integers; the margin covers floating-point error.
    return math.ceil(bound * (1 - 1e-9) - 1e-6)


def _shortest_ways(d: _Floats) -> _Floats:
    """Return the length of the shortest path from the depot to each node."""
    way: _Floats = d[DEPOT].copy()
    left = np.ones(len(way), dtype=bool)
    for _ in way:
        at = int(np.where(left, way, np.inf).argmin())
        left[at] = False
        np.minimum(way, way[at] + d[at], out=way)
    return way


def _tree_bound(d: _Floats, fewest: int, steps: int) -> float:
    """Return a Lagrangian bound from spanning trees, after M. L. Fisher, Operations Research 42(4) (1994) 626-642.

    Removing one depot edge, each to a different customer, from each of the k >= `fewest` routes leaves a spanning tree. A solution
    therefore costs at least a minimum spanning tree plus the `fewest` shortest depot edges. Multipliers on customers enforce
    degree 2, and one on the depot enforces at least 2 * `fewest` incident edges; they are optimised by subgradient steps.
    """
    n = len(d) - 1
    price, depot_price = np.zeros(n + 1), 0.0  # of customers; of the depot, which is at least 0
    best, step = -math.inf, float(d[DEPOT].mean()) / 4
    for number in range(steps):
        reduced = d + price[:, None] + price[None, :]
        reduced[DEPOT, :] -= depot_price
        reduced[:, DEPOT] -= depot_price
        weight, degree = _spanning_tree(reduced)
        order = np.argsort(reduced[DEPOT, 1:], kind="stable") + 1
        spokes = reduced[DEPOT, order]
        # More than the minimum number of routes is allowed: further edges are taken if they lower the cost.
        taken = max(fewest, int((spokes < 0).sum()))
        degree[order[:taken]] += 1
        degree[DEPOT] += taken
        best = max(best, weight + float(spokes[:taken].sum()) + 2 * fewest * depot_price - 2 * float(price.sum()))
        excess = degree - 2.0
        excess[DEPOT] = 0.0
        short = 2.0 * fewest - degree[DEPOT]
        norm = float(excess @ excess) + short * short
        if norm == 0:
            break
        size = step * 0.985**number * n / norm
        price += size * excess
        depot_price = max(0.0, depot_price + size * short)
    return best


def _spanning_tree(d: _Floats) -> tuple[float, _Floats]:
    """Return weight and degrees of a minimum spanning tree (Prim)."""
    n = len(d)
    degree = np.zeros(n)
    near, parent = d[0].copy(), np.zeros(n, dtype=np.int64)
    near[0] = np.inf
    outside = np.ones(n, dtype=bool)
    outside[0] = False
    weight = 0.0
    for _ in range(n - 1):
        at = int(near.argmin())
        weight += near[at]
        degree[at] += 1
        degree[parent[at]] += 1
        outside[at] = False
        near[at] = np.inf
        closer = outside & (d[at] < near)
        near[closer] = d[at][closer]
        parent[closer] = at
    return float(weight), degree
