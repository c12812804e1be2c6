"""Routes grow together by savings with shape, skew and load, best first; local search then makes them shorter."""

import math

import numpy as np

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"SHAPE": (0.5, 2.0), "SKEW": (-0.5, 1.0), "LOAD": (0.0, 1.0)}
SHAPE = 1.2  # weight of the distance between the two against what their ways to the depot save
SKEW = 0.1  # worth of a difference between these ways: the nearer one is best visited on the way
LOAD = 0.1  # worth of large demands, which are hard to place later


def saving(
    to_i: float,
    to_j: float,
    apart: float,
    angle: float,
    demand_i: int,
    demand_j: int,
    capacity: int,
    mean_demand: float,
    mean_distance: float,
) -> float:
    """Value of driving from customer i to customer j on one route; all arguments are numbers.

    Pairs are joined in order of falling value, where both still lie at an end of their routes and the load fits. A pair
    with a value of 0 or less is never joined.

    to_i, to_j          distance from the depot to i and to j
    apart               distance from i to j
    angle               between the two as seen from the depot, radians (0 to pi)
    demand_i, demand_j  what they want
    capacity            what a vehicle takes
    mean_demand         mean over all customers
    mean_distance       mean distance of all customers from the depot
    """
    load = (demand_i + demand_j) / mean_demand * mean_distance
    return to_i + to_j - SHAPE * apart + SKEW * abs(to_i - to_j) + LOAD * load


# EVOLVE-BLOCK-END


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
    d = distances(coords)
    n = len(coords) - 1
    x0, y0 = coords[0]
    bearing = [math.atan2(y - y0, x - x0) for x, y in coords]
    mean_demand, mean_distance = sum(demand) / n, sum(d[0]) / n
    pairs = []
    for i in range(1, n):
        for j in range(i + 1, n + 1):
            turn = abs(bearing[i] - bearing[j])
            angle = min(turn, 2 * math.pi - turn)
            value = saving(d[0][i], d[0][j], d[i][j], angle, demand[i], demand[j], capacity, mean_demand, mean_distance)
            if value > 0:
                pairs.append((-value, i, j))
    pairs.sort()
    routes = {i: [i] for i in range(1, n + 1)}
    route_of, load = list(range(n + 1)), list(demand)
    for _, i, j in pairs:
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
    return improve(list(routes.values()), d, demand, capacity)


def distances(coords):
    """Euclidean distances, rounded to the nearest integer."""
    points = np.array(coords, dtype=float)
    return np.floor(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) + 0.5).tolist()


# The rest is from clarke_wright_2opt.py: improve.
