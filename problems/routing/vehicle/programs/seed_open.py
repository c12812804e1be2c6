"""Each customer where it costs least, then some near each other taken out and put back while it gets no longer; all may change."""

import random

import numpy as np


# EVOLVE-BLOCK-START
def route(coords: list[list[int]], demand: list[int], capacity: int, budget_s: float) -> list[list[int]]:
    """Choose routes for vehicles that bring every customer its demand, so that they drive as little as possible.

    Parameters
    ----------
    coords
        [x, y] of the depot (number 0) and of customers 1, 2, ..., integers. Distances are Euclidean, rounded to the nearest one.
    demand
        Units by number; demand[0] is 0, all others lie in 1..capacity.
    capacity
        Units that one vehicle takes. There are as many vehicles as you like.
    budget_s
        Seconds that the answer may take.

    Returns
    -------
    list[list[int]]
        For each vehicle the customers in the order of its visits, without the depot; each customer exactly once.

    Examples
    --------
    >>> route([[0, 0], [0, 10], [0, 20], [10, 0]], [0, 2, 2, 3], 4, 2.0)  # 40 for the first vehicle, 20 for the second
    [[1, 2], [3]]
    """
    rng = random.Random(1)
    d = distances(coords)
    n = len(coords) - 1
    routes = insert([], sorted(range(1, n + 1), key=lambda c: -d[0][c]), d, demand, capacity)
    best = length(routes, d)
    near = [sorted(range(1, n + 1), key=lambda c: d[i][c]) for i in range(n + 1)]
    # Steps are counted, not timed: a program has to answer the same each time.
    for _ in range(min(1500, 40_000 // n)):
        out = set(near[rng.randint(1, n)][: rng.randint(4, 24)])
        left = [[c for c in visits if c not in out] for visits in routes]
        order = sorted(out, key=lambda c: -d[0][c])  # the far ones first, or any order
        if rng.random() < 0.5:
            rng.shuffle(order)
        trial = insert([visits for visits in left if visits], order, d, demand, capacity)
        value = length(trial, d)
        if value <= best:
            routes, best = trial, value
    return routes


def insert(routes, customers, d, demand, capacity):
    """Put customers, in their order, where each makes the routes longer by the least."""
    load = [sum(demand[c] for c in visits) for visits in routes]
    for c in customers:
        dc = d[c]
        best = (2 * dc[0], len(routes), 0)  # a vehicle of its own
        for r, visits in enumerate(routes):
            if load[r] + demand[c] > capacity:
                continue
            a = 0
            for p, b in enumerate([*visits, 0]):
                extra = dc[a] + dc[b] - d[a][b]
                if extra < best[0]:
                    best = (extra, r, p)
                a = b
        _, r, p = best
        if r == len(routes):
            routes.append([])
            load.append(0)
        routes[r].insert(p, c)
        load[r] += demand[c]
    return routes


def length(routes, d):
    """Distance that all vehicles drive."""
    return sum(d[a][b] for visits in routes for a, b in zip([0, *visits], [*visits, 0], strict=True))


def distances(coords):
    """Euclidean distances, rounded to the nearest integer."""
    points = np.array(coords, dtype=float)
    return np.floor(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) + 0.5).tolist()


# EVOLVE-BLOCK-END
