"""Other places: towns of the USA and of Germany. Nothing is tuned on these."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

from workbench.model import Instance

from . import instances as made

SOURCE = "towns of the USA and of Germany from TSPLIB (Reinelt, ORSA Journal on Computing 3, 1991)"

_DATA = Path(__file__).parent / "data" / "towns.json"
_NEAR = 4
"""Customers are drawn from this many times as many towns around the depot."""


def instances() -> list[Instance]:
    """Two instances for each country, number of customers and number of customers a route."""
    found = []
    for country, towns in json.loads(_DATA.read_text()).items():
        for n in (100, 150, 200):
            for a_route in (5, 10, 20):
                for copy in range(2):
                    id = f"transfer-{country}-{n}-{a_route}-{copy}"
                    rng = random.Random(f"routing/vehicle {id}")
                    depot = rng.choice(towns)
                    near = sorted(towns, key=lambda town, depot=depot: math.dist(town, depot))[1 : _NEAR * n + 1]  # type: ignore[misc]
                    coords = _scaled([depot, *rng.sample(near, n)])
                    demand = [rng.randint(5, 35) for _ in range(n)]
                    found.append(made._instance(id, f"towns-{a_route}", coords, [0, *demand], 20 * a_route))
    return found


def _scaled(places: list[list[int]]) -> made.Coords:
    """Fit places into a square with the side of the generator's."""
    low = [min(place[axis] for place in places) for axis in (0, 1)]
    side = max(place[axis] - low[axis] for place in places for axis in (0, 1))
    return [[round(1000 * (place[axis] - low[axis]) / side) for axis in (0, 1)] for place in places]
