"""Stress instances for the robustness filter, one of each class; none is among the held-out ones, nor of the recorded traces."""

from __future__ import annotations

import random
from collections.abc import Callable

from workbench.model import Instance

from . import instances as made

FAMILIES = {
    "ten-times": "there are several times as many requests and blocks as in training",
    "scan": "a few prompts recur between long documents that are read once",
    "loop": "the same prompts come in the same order, slightly more than fit",
    "new-favourites": "the popular prompts change completely halfway",
    "one-instant": "all requests come at the same time and have the same length",
    "one-block": "every prompt is a single block",
    "oversize": "many prompts are longer than the whole cache",
    "never-again": "no block ever recurs",
    "fits": "nearly everything fits into the cache",
    "branching": "every prompt continues one of the recent ones, as in a tree search",
}
"""Description of each class, for messages."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed; like the held-out ones, with other sizes and capacities."""
    shapes: dict[str, Callable[[random.Random], tuple[list[made.Request], int]]] = {
        "ten-times": _several_times,
        "scan": lambda rng: (made._scan(rng, 0)[0], rng.randint(90, 220)),
        "loop": _loop,
        "new-favourites": lambda rng: (made._new_favourites(rng, 0)[0], rng.randint(50, 220)),
        "one-instant": lambda rng: (made._one_instant(rng, 0)[0], rng.randint(10, 160)),
        "one-block": lambda rng: (made._one_block(rng, 0)[0], rng.randint(2, 60)),
        "oversize": lambda rng: (made._oversize(rng, 0)[0], rng.randint(3, 45)),
        "never-again": lambda rng: (made._never_again(rng, 0)[0], rng.randint(40, 300)),
        "fits": lambda rng: made._fits(rng, rng.randint(0, 5)),
        "branching": lambda rng: (made._branching(rng, rng.randrange(3))[0], rng.randint(25, 220)),
    }
    found = []
    for family, make in shapes.items():
        id = f"gate-{seed}-{family}"
        requests, capacity = make(random.Random(f"caching/kv_cache {id}"))
        found.append(Instance(id, family, made.as_data(requests, capacity)))
    return found


def _several_times(rng: random.Random) -> tuple[list[made.Request], int]:
    # A third of the size of the held-out ones.
    return made._sessions(rng, made._Blocks(), 530, 1.5, 90.0), rng.randint(500, 1700)


def _loop(rng: random.Random) -> tuple[list[made.Request], int]:
    blocks, count, length = made._Blocks(), rng.randint(20, 40), rng.randint(6, 14)
    prompts = [blocks.of((i, length)) for i in range(count)]
    requests = [(1000 * i, made._tokens(rng, prompts[i % count]), prompts[i % count]) for i in range(12 * count)]
    return requests, round(count * length * rng.uniform(0.5, 0.97))
