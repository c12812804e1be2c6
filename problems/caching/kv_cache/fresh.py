"""Instances as those of the test split, drawn for one program: its sessions dealt to nodes anew, in another period."""

from __future__ import annotations

import random

from workbench.model import Instance, Split

from . import instances as made


def instances(seed: int) -> list[Instance]:
    """Draw as many nodes of each class as test has; each period begins anywhere in the part of the trace that belongs to test."""
    found = []
    for kind, capacities in made.CAPACITIES.items():
        requests, levels = made.recorded_requests(kind), list(capacities.items())
        for number, (low, high) in enumerate(made._PERIODS[Split.TEST], start=1):
            rng = random.Random(f"caching/kv_cache fresh {seed} {kind} {number}")
            first = made._PERIODS[Split.TEST][0][0]
            begin = round(rng.uniform(first, 1 - (high - low)) * len(requests))
            period = requests[begin : begin + round((high - low) * len(requests))]
            for node, part in enumerate(_dealt(period, made._SHARED[kind], made.NODES[kind], rng)):
                level, capacity = levels[node % len(levels)]
                found.append(
                    Instance(f"fresh-{seed}-{kind}-{number}-{level}-{node}", f"{kind}-{level}", made.as_data(part, capacity))
                )
    return found


def _dealt(requests: list[made.Request], shared: int, nodes: int, rng: random.Random) -> list[list[made.Request]]:
    """Deal sessions to nodes at random, equally many to each."""
    sessions = list(dict.fromkeys(made.session(request, shared) for request in requests))
    rng.shuffle(sessions)
    node_of = {session: number % nodes for number, session in enumerate(sessions)}
    parts: list[list[made.Request]] = [[] for _ in range(nodes)]
    for request in requests:
        parts[node_of[made.session(request, shared)]].append(request)
    return parts
