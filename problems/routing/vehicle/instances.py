"""Instances from the generator of the X set, the X set itself, and stress cases."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.model import Instance, Split

_DATA = Path(__file__).parent / "data" / "x_set.json"

BUDGET_S = 2.0
"""Time budget passed to programs, in seconds; the sandbox allows three times as much."""

Coords = list[list[int]]

_SIDE = 1000
_SIZES = (30, 40, 50, 65, 80, 100)
"""Numbers of customers of the train and validation instances of each kind, in turn."""
_COPIES = {Split.TRAIN: 30, Split.VALIDATION: 6}
"""Number of instances of each kind."""


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, identical on all machines and Python versions: each is generated from its id, or read.

    train and validation: the generator of Uchoa et al. test: their published instances, classified by customers per route in
    the best known solution.
    """
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    if split is Split.STRESS:
        return tuple(_stress())
    if split is Split.TEST:
        return tuple(_published())
    return tuple(
        _instance(f"{split}-{kind}-{copy}", kind, *uchoa(_rng(f"{split}-{kind}-{copy}"), _SIZES[copy % len(_SIZES)], kind))
        for kind in _PLACES
        for copy in range(_COPIES[split])
    )


@lru_cache
def x_set() -> dict[str, Any]:
    """Return the published instances by name, with their best known solutions."""
    found: dict[str, Any] = json.loads(_DATA.read_text())
    return found


def _published() -> Iterator[Instance]:
    for name, raw in x_set().items():
        a_route = (len(raw["coords"]) - 1) / len(raw["routes"])
        yield _instance(name, family(a_route), raw["coords"], raw["demand"], raw["capacity"])


def family(a_route: float) -> str:
    """Return the class of a test instance by its number of customers a route."""
    return "short-routes" if a_route < 7 else "medium-routes" if a_route < 12 else "long-routes"


def _instance(id: str, family: str, coords: Coords, demand: list[int], capacity: int) -> Instance:
    return Instance(id, family, {"coords": coords, "demand": demand, "capacity": capacity, "budget_s": BUDGET_S})


def _rng(id: str) -> random.Random:
    return random.Random(f"routing/vehicle {id}")


# --------------------------------------------------------------------------- the generator of the X set


def uchoa(rng: random.Random, n: int, kind: str) -> tuple[Coords, list[int], int]:
    """Draw an instance as in Uchoa et al., EJOR 257(3), 2017, section 4: depot, positions, demands and customers per route.

    Parameters
    ----------
    kind
        Positions of customers: `random`, `clustered` or `mixed` (half each).

    Returns
    -------
    tuple
        Coordinates and demands with the depot first, and the capacity.
    """
    depot = rng.choice([(_SIDE // 2, _SIDE // 2), (0, 0), (rng.randint(0, _SIDE), rng.randint(0, _SIDE))])
    places = _PLACES[kind](rng, n, depot)
    demand = _demands(rng, places)
    # Customers per route: triangular between 3 and 25 with mode 6.
    capacity = max(math.ceil(rng.triangular(3, 25, 6) * sum(demand) / n), *demand)
    return [list(depot), *([x, y] for x, y in places)], [0, *demand], capacity


def _anywhere(rng: random.Random, n: int, depot: tuple[int, int]) -> list[tuple[int, int]]:
    places: list[tuple[int, int]] = []
    taken = {depot}  # distinct positions
    while len(places) < n:
        place = rng.randint(0, _SIDE), rng.randint(0, _SIDE)
        if place not in taken:
            taken.add(place)
            places.append(place)
    return places


def _clustered(rng: random.Random, n: int, depot: tuple[int, int]) -> list[tuple[int, int]]:
    return _around(rng, n, depot, _anywhere(rng, min(n, rng.randint(3, 8)), depot), [])


def _mixed(rng: random.Random, n: int, depot: tuple[int, int]) -> list[tuple[int, int]]:
    others = _anywhere(rng, n // 2, depot)
    seeds = [place for place in _anywhere(rng, min(n - n // 2, rng.randint(3, 8)), depot) if place not in others]
    return _around(rng, n, depot, seeds, others)


def _around(
    rng: random.Random, n: int, depot: tuple[int, int], seeds: list[tuple[int, int]], others: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Draw cluster seeds, then customers accepted with probability sum of exp(-distance / 40) over all seeds."""
    places = [*seeds, *others]
    taken = {depot, *places}
    while len(places) < n:
        place = rng.randint(0, _SIDE), rng.randint(0, _SIDE)
        if place not in taken and rng.random() < sum(math.exp(-math.dist(place, seed) / 40) for seed in seeds):
            taken.add(place)
            places.append(place)
    return places


_PLACES = {"random": _anywhere, "clustered": _clustered, "mixed": _mixed}


def _demands(rng: random.Random, places: list[tuple[int, int]]) -> list[int]:
    law = rng.choice(["unit", "1-10", "5-10", "1-100", "50-100", "quadrant", "many-small"])
    if law == "unit":
        return [1] * len(places)
    if law == "quadrant":  # large if both coordinates are on the same side of the centre
        half = _SIDE / 2
        return [rng.randint(51, 100) if (x < half) == (y < half) else rng.randint(1, 50) for x, y in places]
    if law == "many-small":
        small = rng.uniform(0.7, 0.95)
        return [rng.randint(1, 10) if rng.random() < small else rng.randint(50, 100) for _ in places]
    low, high = (int(end) for end in law.split("-"))
    return [rng.randint(low, high) for _ in places]


# --------------------------------------------------------------------------- stress


def _stress() -> Iterator[Instance]:
    shapes: dict[str, tuple[int, Callable[[random.Random, int], tuple[Coords, list[int], int]]]] = {
        "ten-times": (3, lambda rng, copy: uchoa(rng, 1000, ("random", "clustered", "mixed")[copy])),
        "few": (4, lambda rng, copy: uchoa(rng, (4, 7, 9, 12)[copy], ("random", "clustered", "mixed", "random")[copy])),
        "single": (2, lambda rng, copy: ([[500, 500], [(500, 17)[copy], 980]], [0, (3, 50)[copy]], 50)),
        "one-point": (3, _one_point),
        "one-route": (2, _one_route),
        "lines": (3, _lines),
        "full-loads": (2, _full_loads),
        "pairs": (3, _pairs),
        "triples": (3, _triples),
        "grid": (3, _grid),
        "ring": (2, _ring),
        "far": (3, _far),
        "huge": (3, _huge),
    }
    for family, (copies, make) in shapes.items():
        for copy in range(copies):
            id = f"{Split.STRESS}-{family}-{copy}"
            yield _instance(id, family, *make(_rng(id), copy))


def _square(rng: random.Random, n: int) -> Coords:
    return [[rng.randint(0, _SIDE), rng.randint(0, _SIDE)] for _ in range(n)]


def _one_point(rng: random.Random, copy: int) -> tuple[Coords, list[int], int]:
    # All customers at one point: only the number of routes matters; or all at the depot, where nothing does.
    place = [[300, 700], [300, 700], [500, 500]][copy]
    demand = [1 if copy == 0 else rng.randint(1, 50) for _ in range(60)]
    return [[500, 500], *([*place] for _ in demand)], [0, *demand], 7 if copy == 0 else 100


def _one_route(rng: random.Random, copy: int) -> tuple[Coords, list[int], int]:
    # All fit into one vehicle: a travelling salesman problem.
    return _square(rng, 81), [0, *(rng.randint(1, 9) for _ in range(80))], 10**6


def _lines(rng: random.Random, copy: int) -> tuple[Coords, list[int], int]:
    # Streets: customers close together on a few distant lines, one of them through the depot.
    count = (1, 4, 9)[copy]
    coords = [[100 * (i % count), rng.randint(0, 2000)] for i in range(90)]
    return [[0, 1000], *coords], [0, *(rng.randint(1, 20) for _ in coords)], 120


def _full_loads(rng: random.Random, copy: int) -> tuple[Coords, list[int], int]:
    # Each demand fills a vehicle, or all except a few small ones do.
    return _square(rng, 61), [0, *(40 if copy == 0 or rng.random() < 0.7 else rng.randint(1, 5) for _ in range(60))], 40


def _pairs(rng: random.Random, copy: int) -> tuple[Coords, list[int], int]:
    # Two fit, three never do: a matching.
    low = (334, 400, 480)[copy]
    return _square(rng, 71), [0, *(rng.randint(low, 1000 - low) for _ in range(70))], 1000


def _triples(rng: random.Random, copy: int) -> tuple[Coords, list[int], int]:
    # Groups of three customers exactly fill a vehicle.
    demand = []
    for _ in range((10, 20, 30)[copy]):
        a, b = rng.randint(250, 400), rng.randint(250, 400)
        demand += [a, b, 1000 - a - b]
    rng.shuffle(demand)
    return _square(rng, len(demand) + 1), [0, *demand], 1000


def _grid(rng: random.Random, copy: int) -> tuple[Coords, list[int], int]:
    # Equal distances and demands: ties everywhere.
    coords = [[10 * x, 10 * y] for x in range(10) for y in range(9)]
    return [[(45, 0, 40)[copy], (40, 0, 45)[copy]], *coords], [0, *([1] * len(coords))], (6, 9, 15)[copy]


def _ring(rng: random.Random, copy: int) -> tuple[Coords, list[int], int]:
    # All equally far from the depot: savings depend only on distances along the ring.
    angles = [rng.uniform(0, 2 * math.pi) for _ in range(80)]
    coords = [[round(10_000 * math.cos(a)), round(10_000 * math.sin(a))] for a in angles]
    return [[0, 0], *coords], [0, *(rng.randint(1, 10) for _ in coords)], (30, 90)[copy]


def _far(rng: random.Random, copy: int) -> tuple[Coords, list[int], int]:
    # A distant town: travel to it dominates, so vehicles must be full.
    away = (10_000, 30_000, 100_000)[copy]
    coords = [[away + rng.randint(0, 200), rng.randint(0, 200)] for _ in range(70)]
    return [[0, 0], *coords], [0, *(rng.randint(10, 60) for _ in coords)], 200


def _huge(rng: random.Random, copy: int) -> tuple[Coords, list[int], int]:
    # Coordinates of both signs, and large numbers.
    side, unit = (10**5, 10**6, 10**7)[copy], (10**3, 10**6, 10**9)[copy]
    coords = [[rng.randint(-side, side), rng.randint(-side, side)] for _ in range(81)]
    return coords, [0, *(rng.randint(1, 100 * unit) for _ in range(80))], 500 * unit
