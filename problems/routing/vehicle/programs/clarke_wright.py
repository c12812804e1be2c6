"""Savings, parallel version: join the ends of two routes where that saves most, as long as the load fits.

G. Clarke, J. W. Wright, Scheduling of vehicles from a central depot to a number of delivery points, Operations Research 12(4)
(1964) 568-581.
"""

import numpy as np


def route(coords, demand, capacity, budget_s):
    """Return routes of customer numbers."""
    points = np.array(coords, dtype=float)
    d = np.floor(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) + 0.5)
    saving = d[:, :1] + d[:1] - d
    first, second = np.triu_indices(len(points), 1)
    use = (first > 0) & (saving[first, second] > 0)
    first, second = first[use], second[use]
    order = np.argsort(-saving[first, second], kind="stable")
    routes = {i: [i] for i in range(1, len(points))}
    route_of, load = list(range(len(points))), list(demand)
    for i, j in zip(first[order].tolist(), second[order].tolist(), strict=True):
        a, b = route_of[i], route_of[j]
        if a == b or load[a] + load[b] > capacity:
            continue
        left, right = routes[a], routes[b]
        if i not in (left[0], left[-1]) or j not in (right[0], right[-1]):
            continue
        if left[-1] != i:
            left.reverse()
        if right[0] != j:
            right.reverse()
        left += right
        load[a] += load[b]
        for c in routes.pop(b):
            route_of[c] = a
    return list(routes.values())
