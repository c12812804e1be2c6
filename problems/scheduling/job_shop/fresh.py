"""Instances as those of the test split, drawn for one program; those of ft were made by hand and are left out."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from workbench.model import Instance

from . import instances as made

_TAILLARD = {(15, 15): 4, (20, 15): 4, (20, 20): 4, (30, 15): 4, (30, 20): 4, (50, 15): 3, (50, 20): 3, (100, 20): 2}
"""Instances by jobs and machines."""
_STORER = {(20, 10): 4, (20, 15): 4, (50, 10): 4}


def instances(seed: int) -> list[Instance]:
    """Draw instances with the generators and in the sizes of the classic sets of test."""
    found = []
    for number, (family, make) in enumerate(_sets()):
        id = f"fresh-{seed}-{family}-{number}"
        found.append(made._instance(id, family, make(random.Random(f"scheduling/job_shop {id}"))))
    return found


def _sets() -> Iterator[tuple[str, Callable[[random.Random], made.Shop]]]:
    for (n, m), copies in _TAILLARD.items():
        yield from [(f"ta-{n}x{m}", lambda rng, n=n, m=m: made.taillard(n, m, rng))] * copies
    for (n, m), copies in _STORER.items():
        for copy in range(copies):
            halves = n < 50 or copy % 2 == 0  # of the large ones, the second half has routes over all machines
            yield (
                f"swv-{n}x{m}",
                lambda rng, n=n, m=m, halves=halves: two_sets(n, m, 1, 100, rng) if halves else _of(n, m, 1, 100, rng),
            )
    for copy in range(4):
        yield "yn", lambda rng: _of(20, 20, 10, 50, rng)
        yield "abz", lambda rng, small=copy < 2: _of(10, 10, 25, 100, rng) if small else _of(20, 15, 11, 40, rng)


def _of(n: int, m: int, low: int, high: int, rng: random.Random) -> made.Shop:
    _, routes = made.taillard(n, m, rng)
    return [[rng.randint(low, high) for _ in route] for route in routes], routes


def two_sets(n: int, m: int, low: int, high: int, rng: random.Random) -> made.Shop:
    """Draw a shop in which every job passes one half of the machines before the other, as swv and half of dmu."""
    first, second = range(m // 2), range(m // 2, m)
    routes = [[*rng.sample(first, len(first)), *rng.sample(second, len(second))] for _ in range(n)]
    return [[rng.randint(low, high) for _ in route] for route in routes], routes
