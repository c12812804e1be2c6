"""Days of requests on networks of SNDlib, split by network; other networks and other days for stress tests."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from typing import Any

from workbench.model import Instance, Split

from . import networks
from .networks import MODULE, Network, Pair

STEPS = 96
_PER_ARC, _FEWEST = 8, 500
"""Requests of a day by arc of the network, and at least."""

CLASSES = {"steady-busy": 1.4, "steady-crowded": 2.2, "tides": 1.8, "late": 1.8}
"""Bandwidth of all requests by class, as a multiple of the traffic that the network was planned for."""
COPIES = {Split.TRAIN: 2, Split.VALIDATION: 2, Split.TEST: 1}
"""Days by network and class."""

_UNIT = 10
"""Bandwidths are multiples of 10 Mbit/s, at most one module."""
_SIZE_SPREAD = 0.8


@dataclass(frozen=True)
class Law:
    """What the requests of a day are drawn from.

    Attributes
    ----------
    rates
        Bandwidth asked for in a whole day by pair of nodes, up to a common factor.
    mean
        Mean bandwidth of a request in Mbit/s.
    count
        Number of requests.
    worth_spread
        Standard deviation of the logarithm of value per Mbit/s.
    swing, phase
        How far the rate of a node's requests swings around its mean within a day, and at which part of the day it is highest.
    rise
        By what factor value per Mbit/s is higher at the end of the day than at the beginning.
    """

    rates: dict[Pair, float]
    mean: float
    count: int
    size_spread: float = _SIZE_SPREAD
    worth_spread: float = 0.6
    swing: float = 0.0
    phase: tuple[float, ...] = ()
    rise: float = 1.0


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, in a fixed order; train, validation and test have different networks."""
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    return tuple(_stress() if split is Split.STRESS else days(split, str(split), COPIES[split]))


def days(split: Split, prefix: str, copies: int) -> Iterator[Instance]:
    """Yield `copies` days of each class on each network of a split, each drawn from its id, which begins with `prefix`."""
    for family in CLASSES:
        for name in networks.SPLITS[split]:
            for copy in range(copies):
                id = f"{prefix}-{name}-{family}-{copy}"
                rng, network = rng_of(id), networks.sndlib(name)
                yield Instance(id, family, data(network, requests(network, usual(network, family, rng), rng)))


def usual(network: Network, family: str, rng: random.Random) -> Law:
    """Draw what the requests of a day are drawn from: demand is never quite what was planned."""
    count = max(_FEWEST, _PER_ARC * len(network.arcs))
    return Law(
        {pair: amount * rng.lognormvariate(0, 0.5) for pair, amount in network.matrix.items()},
        CLASSES[family] * sum(network.matrix.values()) / count,
        count,
        swing=0.9 if family == "tides" else 0.0,
        phase=tuple(rng.random() for _ in range(network.nodes)),
        rise=2.0 if family == "late" else 1.0,
    )


def data(network: Network, rows: list[list[int]]) -> dict[str, Any]:
    """Return the data of one instance."""
    arcs = [[u, v, mbps] for (u, v), mbps in network.arcs.items()]
    return {"nodes": network.nodes, "steps": STEPS, "arcs": arcs, "requests": rows}


def requests(network: Network, law: Law, rng: random.Random, begin: float = 0.0, end: float = 1.0) -> list[list[int]]:
    """Draw the requests of a part of the day: rows of step, from, to, Mbit/s and value, in order of arrival."""
    pairs, weights = list(law.rates), list(accumulate(law.rates.values()))
    far = _hops(network)
    typical = sum(law.rates[pair] * far[pair] for pair in pairs) / weights[-1]
    rows = []
    for time in sorted(rng.uniform(begin, end) for _ in range(law.count)):
        while True:
            pair = rng.choices(pairs, cum_weights=weights)[0]
            tide = 1 + law.swing * math.cos(2 * math.pi * (time - law.phase[pair[0]])) if law.swing else 1.0
            if rng.random() * (1 + law.swing) < tide:
                break
        size = law.mean * rng.lognormvariate(-(law.size_spread**2) / 2, law.size_spread)
        bw = _UNIT * min(MODULE // _UNIT, max(1, round(size / _UNIT)))
        # Longer connections cost more, but less than in proportion.
        worth = rng.lognormvariate(0, law.worth_spread) * math.sqrt(far[pair] / typical) * law.rise**time
        rows.append([min(STEPS - 1, int(time * STEPS)), *pair, bw, max(1, round(worth * 100 * bw / law.mean))])
    return rows


def _hops(network: Network) -> dict[Pair, int]:
    return _hops_of(network.nodes, tuple(network.arcs))


@lru_cache(maxsize=64)
def _hops_of(nodes: int, arcs: tuple[Pair, ...]) -> dict[Pair, int]:
    out: dict[int, list[int]] = {node: [] for node in range(nodes)}
    for u, v in arcs:
        out[u].append(v)
    return {(s, t): far for s in range(nodes) for t, far in networks.distances(s, out).items()}


def rng_of(id: str) -> random.Random:
    """Return the generator of one instance."""
    return random.Random(f"routing/flow_assign {id}")


# --------------------------------------------------------------------------- stress


def _stress() -> Iterator[Instance]:
    families = {
        "ten-times": ("polska", "norway"),
        "turned": ("france", "nobel-eu"),
        "cut": ("polska", "cost266"),
        "rush": ("atlanta", "ta1"),
        "at-once": ("nobel-us", "nobel-germany"),
        "early": ("newyork", "zib54"),
        "elephants": ("norway", "pioro40"),
        "equal": ("janos-us", "dfn-gwin"),
        "light": ("france", "abilene"),
        "flood": ("nobel-us", "geant"),
        "fat-tree": ("4", "6"),
        "ring": ("8", "24"),
        "link": ("1", "2"),
    }
    for family, names in families.items():
        for copy, name in enumerate(names):
            id = f"stress-{family}-{copy}"
            yield Instance(id, family, strange(family, name, rng_of(id)))


def strange(family: str, name: str, rng: random.Random) -> dict[str, Any]:
    """Draw an instance of a stress class on a network, or with a size, of a given name."""
    network = _network(family, name, rng)
    total = sum(network.matrix.values())
    law = usual(network, "steady-crowded", rng)
    count = law.count
    match family:
        case "ten-times":
            law = replace(law, mean=law.mean / 10, count=10 * law.count)
        case "turned":  # in the afternoon, others ask for what these asked for in the morning
            order = rng.sample(range(network.nodes), network.nodes)
            half = replace(law, count=count // 2)
            other = replace(half, rates={(order[s], order[t]): rate for (s, t), rate in law.rates.items()})
            return data(network, requests(network, half, rng, 0, 0.5) + requests(network, other, rng, 0.5, 1))
        case "rush":  # eight of ten requests come in the last tenth of the day
            few, many = replace(law, count=count // 5), replace(law, count=count - count // 5)
            return data(network, requests(network, few, rng, 0, 0.9) + requests(network, many, rng, 0.9, 1))
        case "at-once":
            return data(network, requests(network, law, rng, 0.5, 0.502))
        case "early":
            law = replace(law, rise=0.2)
        case "elephants":
            law = replace(law, mean=0.5 * MODULE, count=max(8, round(2.2 * total / (0.5 * MODULE))), size_spread=0.3)
        case "equal":
            law = replace(law, size_spread=0.0, worth_spread=0.0)
        case "light":
            law = replace(law, mean=0.5 * total / count)
        case "flood":
            law = replace(law, mean=5.0 * total / count)
    return data(network, requests(network, law, rng))


def _network(family: str, name: str, rng: random.Random) -> Network:
    if family == "fat-tree":
        nodes, links, ends = networks.fat_tree(int(name))
        return networks.planned(nodes, links, networks.gravity(ends, rng))
    if family == "ring":
        size = int(name)
        return networks.planned(size, [(k, (k + 1) % size) for k in range(size)], networks.gravity(range(size), rng))
    if family == "link":
        return networks.planned(2, [(0, 1)], {(0, 1): 1.0, (1, 0): 0.5})
    network = networks.sndlib(name)
    return _cut(network, rng) if family == "cut" else network


def _cut(network: Network, rng: random.Random) -> Network:
    """Take links away, one in six, without cutting any node off."""
    arcs = dict(network.arcs)
    links = [(u, v) for u, v in arcs if u < v]
    for u, v in rng.sample(links, len(links)):
        if 6 * (len(network.arcs) - len(arcs)) >= len(network.arcs):
            break
        left = {arc: mbps for arc, mbps in arcs.items() if set(arc) != {u, v}}
        if len(_hops(network._replace(arcs=left))) == network.nodes**2:
            arcs = left
    return network._replace(arcs=arcs)
