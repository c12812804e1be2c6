"""Job-shop instances: generated as by Taillard, the classic sets with their bounds, and stress cases."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.model import Instance, Split

Shop = tuple[list[list[int]], list[list[int]]]
"""Durations and machines by job and operation."""

COPIES = {(20, 5): 36, (10, 10): 36, (15, 10): 12, (20, 10): 36, (30, 10): 36, (15, 15): 12, (20, 15): 12}
"""Number of train instances by jobs and machines; fewer for sizes whose optimum is rarely proven."""

SETS = {Split.VALIDATION: ("la", "orb"), Split.TEST: ("ft", "abz", "swv", "yn", "ta")}
"""Classic sets by split, from different authors, years and generators."""
_BY_SIZE = ("la", "swv", "ta")
"""Sets with several sizes, with ten or five instances each; each size is an instance class."""

_DATA = Path(__file__).parent / "data" / "benchmark_instances.json"


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, identical on all machines and Python versions: each is generated from its id, or read."""
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    if split is Split.TRAIN:
        return tuple(
            _instance(id := f"train-n{n}m{m}-{copy}", f"n{n}m{m}", taillard(n, m, _rng(id)))
            for (n, m), copies in COPIES.items()
            for copy in range(copies)
        )
    if split is Split.STRESS:
        return tuple(_stress())
    return tuple(_classic(SETS[split]))


def taillard(jobs: int, machines: int, rng: random.Random) -> Shop:
    """Draw a shop as Taillard (1993): durations U{1..99}, each job once on each machine, routes uniformly random."""
    routes = [rng.sample(range(machines), machines) for _ in range(jobs)]
    return [[rng.randint(1, 99) for _ in route] for route in routes], routes


@lru_cache
def published() -> dict[str, dict[str, Any]]:
    """Return the classic instances by name; `metadata` contains `lower_bound` and `upper_bound`."""
    found: dict[str, dict[str, Any]] = json.loads(_DATA.read_text())
    return found


def _classic(sets: Sequence[str]) -> Iterator[Instance]:
    for name, entry in published().items():
        if (which := re.sub(r"\d+$", "", name)) in sets:
            durations, machines = entry["duration_matrix"], entry["machines_matrix"]
            family = f"{which}-{len(durations)}x{len(durations[0])}" if which in _BY_SIZE else which
            yield _instance(name, family, (durations, machines))


# --------------------------------------------------------------------------- stress


def _stress() -> Iterator[Instance]:
    for family, (copies, make) in SHAPES.items():
        for copy in range(copies):
            id = f"{Split.STRESS}-{family}-{copy}"
            yield _instance(id, family, make(_rng(id), copy))


def _single_job(rng: random.Random, copy: int) -> Shop:
    # Nothing to decide; in the last one, jobs revisit machines.
    length = (1, 12, 12)[copy]
    route = rng.choices(range(4), k=length) if copy == 2 else rng.sample(range(length), length)
    return [[rng.randint(1, 99) for _ in route]], [route]


def _one_machine(rng: random.Random, copy: int) -> Shop:
    # Every order is optimal.
    durations = [[rng.randint(1, 99) for _ in range(1 + copy)] for _ in range(10 + 10 * copy)]
    return durations, [[0] * len(row) for row in durations]


def _ties(rng: random.Random, copy: int) -> Shop:
    # Few distinct durations: ties in every comparison.
    _, routes = taillard(15, (5, 10, 10, 15)[copy], rng)
    values = ((10,), (10, 20), (1, 2, 3), (10, 20))[copy]
    return [[rng.choice(values) for _ in route] for route in routes], routes


def _same_jobs(rng: random.Random, copy: int) -> Shop:
    # Identical jobs.
    (row,), (route,) = taillard(1, 5 + 5 * copy, rng)
    n = 12 + 6 * copy
    return [list(row) for _ in range(n)], [list(route) for _ in range(n)]


def _flow_shop(rng: random.Random, copy: int) -> Shop:
    # All jobs have the same route.
    n, m = ((20, 5), (10, 10), (20, 10), (15, 15))[copy]
    durations, _ = taillard(n, m, rng)
    return durations, [list(range(m)) for _ in range(n)]


def _two_sets(rng: random.Random, copy: int) -> Shop:
    # All jobs go through one half of the machines first, then through the other (as in the swv instances).
    n, m = ((15, 6), (15, 10), (20, 10), (30, 10))[copy]
    durations, _ = taillard(n, m, rng)
    return durations, [
        [*rng.sample(range(m // 2), m // 2), *rng.sample(range(m // 2, m), m - m // 2)] for _ in range(n)
    ]  # fmt: skip


def _bottleneck(rng: random.Random, copy: int) -> Shop:
    # One machine has several times the work of the others.
    durations, routes = taillard((10, 15, 20)[copy], 10, rng)
    return [
        [p * 4 if m == 0 else p for p, m in zip(row, route, strict=True)]
        for row, route in zip(durations, routes, strict=True)
    ], routes  # fmt: skip


def _unequal(rng: random.Random, copy: int) -> Shop:
    # Jobs with one to m operations, on some of the machines.
    n, m = ((15, 6), (20, 10), (30, 10), (15, 15))[copy]
    routes = [rng.sample(range(m), rng.randint(1, m)) for _ in range(n)]
    return [[rng.randint(1, 99) for _ in route] for route in routes], routes


def _returns(rng: random.Random, copy: int) -> Shop:
    # Jobs revisit machines, sometimes immediately.
    n, m = ((10, 5), (15, 8), (20, 6), (12, 12))[copy]
    routes = [rng.choices(range(m), k=rng.randint(m, 2 * m)) for _ in range(n)]
    return [[rng.randint(1, 99) for _ in route] for route in routes], routes


def _zeros(rng: random.Random, copy: int) -> Shop:
    # A third of the operations take no time.
    durations, routes = taillard((10, 15, 20)[copy], 10, rng)
    return [[p * (rng.random() > 1 / 3) for p in row] for row in durations], routes


def _huge(rng: random.Random, copy: int) -> Shop:
    # Large durations, for example in microseconds.
    durations, routes = taillard((10, 15, 15)[copy], (10, 10, 15)[copy], rng)
    scale = 10**7
    return [[p * scale + rng.randrange(scale) for p in row] for row in durations], routes


def _one_giant(rng: random.Random, copy: int) -> Shop:
    # One job takes nearly as long as the work of a busy machine: it must never wait.
    durations, routes = taillard(15, (5, 8, 10)[copy], rng)
    busiest = max(
        sum(p for row, route in zip(durations, routes, strict=True) for p, m in zip(row, route, strict=True) if m == machine)
        for machine in range(len(routes[0]))
    )
    factor = busiest * 1.2 / sum(durations[7])
    durations[7] = [round(p * factor) for p in durations[7]]
    return durations, routes


def _few_jobs(rng: random.Random, copy: int) -> Shop:
    return taillard((3, 4, 5)[copy], (60, 40, 30)[copy], rng)


def _many_jobs(rng: random.Random, copy: int) -> Shop:
    return taillard((60, 100, 150)[copy], (2, 3, 4)[copy], rng)


def _ten_times(rng: random.Random, copy: int) -> Shop:
    # Ten times as many operations as the largest train instance.
    return taillard((200, 100)[copy], (15, 30)[copy], rng)


SHAPES: dict[str, tuple[int, Callable[[random.Random, int], Shop]]] = {
    "single_job": (3, _single_job),
    "one_machine": (3, _one_machine),
    "ties": (4, _ties),
    "same_jobs": (3, _same_jobs),
    "flow_shop": (4, _flow_shop),
    "two_sets": (4, _two_sets),
    "bottleneck": (3, _bottleneck),
    "unequal": (4, _unequal),
    "returns": (4, _returns),
    "zeros": (3, _zeros),
    "huge_values": (3, _huge),
    "one_giant": (3, _one_giant),
    "few_jobs": (3, _few_jobs),
    "many_jobs": (3, _many_jobs),
    "ten_times": (2, _ten_times),
}
"""Stress classes: number of instances, and the function that draws one."""


def _rng(id: str) -> random.Random:
    return random.Random(f"scheduling/job_shop {id}")


def _instance(id: str, family: str, shop: Shop) -> Instance:
    return Instance(id, family, {"durations": shop[0], "machines": shop[1]})
