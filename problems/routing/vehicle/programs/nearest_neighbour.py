"""Nearest neighbour: go on to the nearest customer whose demand still fits; when none fits, return and send the next vehicle.

D. J. Rosenkrantz, R. E. Stearns, P. M. Lewis, An analysis of several heuristics for the traveling salesman problem, SIAM
Journal on Computing 6(3) (1977) 563-581; for vehicles M. M. Solomon, Operations Research 35(2) (1987) 254-265.
"""

import numpy as np


def route(coords, demand, capacity, budget_s):
    """Return routes of customer numbers."""
    points, demand = np.array(coords, dtype=float), np.array(demand)
    waiting = np.ones(len(points), dtype=bool)
    waiting[0] = False
    routes = []
    while waiting.any():
        at, room, visits = 0, capacity, []
        while True:
            fits = np.flatnonzero(waiting & (demand <= room))
            if not len(fits):
                break
            at = int(fits[np.hypot(*(points[fits] - points[at]).T).argmin()])
            visits.append(at)
            waiting[at] = False
            room -= demand[at]
        routes.append(visits)
    return routes
