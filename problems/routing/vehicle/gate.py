"""Stress instances for the robustness filter, one of each class that can be generated; none is among the held-out ones."""

from __future__ import annotations

import random
from collections.abc import Callable

from workbench.model import Instance

from . import instances as made

FAMILIES = {
    "ten-times": "there are several times as many customers as in training",
    "few": "there are few customers",
    "single": "there is a single customer",
    "one-point": "all customers are at one place, so that only the number of routes counts",
    "one-route": "all customers fit into one vehicle",
    "lines": "customers are close together on a few streets far from each other",
    "full-loads": "most customers fill a vehicle on their own",
    "pairs": "no vehicle can serve more than two customers",
    "triples": "groups of three customers exactly fill a vehicle",
    "grid": "customers with equal demands are on a grid, so that most comparisons are ties",
    "ring": "all customers are equally far from the depot",
    "far": "all customers are in one town far from the depot",
    "huge": "coordinates and demands are very large, and coordinates are on both sides of 0",
}
"""Description of each class, for messages."""

_CUSTOMERS = 300
"""Number of customers of the large instance: three times the largest of train; the held-out ones have ten times as many."""

_Task = tuple[made.Coords, list[int], int]


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed."""
    shapes: dict[str, Callable[[random.Random, int], _Task]] = {
        "ten-times": lambda rng, copy: made.uchoa(rng, _CUSTOMERS, rng.choice(("random", "clustered", "mixed"))),
        "few": lambda rng, copy: made.uchoa(rng, rng.randint(4, 12), rng.choice(("random", "clustered", "mixed"))),
        "single": lambda rng, copy: ([[500, 500], [rng.randint(0, 1000), rng.randint(0, 1000)]], [0, rng.randint(1, 50)], 50),
        "one-point": _one_point,
        "one-route": made._one_route,
        "lines": made._lines,
        "full-loads": made._full_loads,
        "pairs": made._pairs,
        "triples": made._triples,
        "grid": _grid,
        "ring": made._ring,
        "far": made._far,
        "huge": made._huge,
    }
    found = []
    for family, make in shapes.items():
        id = f"gate-{seed}-{family}"
        rng = made._rng(id)
        found.append(made._instance(id, family, *make(rng, rng.randrange(2))))
    return found


def _one_point(rng: random.Random, copy: int) -> _Task:
    # The held-out ones have 60 customers at another place.
    place = [rng.randint(0, 1000), rng.randint(0, 1000)]
    demand = [rng.randint(1, 50) for _ in range(rng.randint(40, 55))]
    return [[500, 500], *([*place] for _ in demand)], [0, *demand], 100


def _grid(rng: random.Random, copy: int) -> _Task:
    # The held-out ones are squares with spacing 10; these are rectangles of another size.
    wide, high = rng.randint(6, 9), rng.randint(5, 8)
    coords = [[20 * x, 30 * y] for x in range(wide) for y in range(high)]
    return [[10 * wide, 15 * high], *coords], [0, *([1] * len(coords))], rng.randint(5, 12)
