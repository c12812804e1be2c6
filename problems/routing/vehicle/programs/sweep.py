"""Sweep: a ray turns around the depot and fills one vehicle after the other; each vehicle's tour is made short by 2-opt.

B. E. Gillett, L. R. Miller, A heuristic algorithm for the vehicle-dispatch problem, Operations Research 22(2) (1974) 340-349.
The ray starts at every customer in turn (with long routes at fewer of them, evenly spaced), and the shortest result is kept.
"""

import math
from itertools import pairwise

import numpy as np


def route(coords, demand, capacity, budget_s):
    """Return routes of customer numbers."""
    n = len(coords) - 1
    points = np.array(coords, dtype=float)
    d = np.floor(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) + 0.5).tolist()
    x0, y0 = coords[0]
    turn = sorted(range(1, n + 1), key=lambda c: (math.atan2(coords[c][1] - y0, coords[c][0] - x0), d[0][c]))
    # Where the vehicle that starts at a place of the turn ends is the same for every start of the ray.
    reach = []
    for start in range(n):
        count = load = 0
        while count < n and load + demand[turn[(start + count) % n]] <= capacity:
            load += demand[turn[(start + count) % n]]
            count += 1
        reach.append(count)
    tours = {}

    def tour(start, count):
        members = [turn[(start + k) % n] for k in range(count)]
        key = frozenset(members)
        if key not in tours:
            tours[key] = two_opt(nearest_first(members, d), d)
        return tours[key]

    starts = max(1, min(n, round(4000 * n / sum(reach))))
    best = None
    for number in range(starts):
        at, left, total, routes = number * n // starts, n, 0, []
        while left:
            count = min(left, reach[at])
            found, cost = tour(at, count)
            routes.append(found)
            total += cost
            at, left = (at + count) % n, left - count
        if best is None or total < best[0]:
            best = (total, routes)
    return best[1]


def nearest_first(members, d):
    """Order of a nearest-neighbour tour from the depot."""
    left, at, order = set(members), 0, []
    while left:
        at = min(left, key=lambda c: (d[at][c], c))
        left.discard(at)
        order.append(at)
    return order


def two_opt(order, d):
    """Reverse stretches of a tour until none makes it shorter (Croes 1958); with its length."""
    tour = [0, *order, 0]
    improved = True
    while improved:
        improved = False
        for i in range(len(tour) - 3):
            a, b = tour[i], tour[i + 1]
            for j in range(i + 2, len(tour) - 1):
                c, e = tour[j], tour[j + 1]
                if d[a][c] + d[b][e] < d[a][b] + d[c][e]:
                    tour[i + 1 : j + 1] = tour[j:i:-1]
                    b = tour[i + 1]
                    improved = True
    return tour[1:-1], sum(d[a][b] for a, b in pairwise(tour))
