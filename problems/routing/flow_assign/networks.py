"""Networks of SNDlib with capacities planned for their traffic matrix; synthetic networks for stress and transfer."""

from __future__ import annotations

import gzip
import json
import math
import random
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from workbench.model import Split

_DATA = Path(__file__).parent / "data" / "sndlib.json.gz"

Pair = tuple[int, int]
"""Two nodes, from and to."""

MODULE = 10_000
"""Links are built in steps of 10 Gbit/s."""
_MEAN_LOAD = 40_000
"""Mbit/s that the planned matrix puts on a link direction on average."""

SPLITS: dict[Split, tuple[str, ...]] = {
    Split.TRAIN: ("polska", "nobel-us", "atlanta", "newyork", "france", "norway"),
    Split.VALIDATION: ("pdh", "geant", "janos-us", "india35"),
    Split.TEST: (
        "abilene", "dfn-bwin", "dfn-gwin", "di-yuan", "nobel-germany", "ta1", "nobel-eu", "cost266", "giul39", "pioro40",
        "germany50", "zib54", "ta2",
    ),
}  # fmt: skip
"""Networks by split. Pairs of networks that are parts of one another (ta1 and ta2, the two of Germany, the two of DFN) are in
one split, or one of them is left out (sun, janos-us-ca)."""


class Network(NamedTuple):
    """A network as it was planned.

    Attributes
    ----------
    arcs
        Capacity in Mbit/s by direction of a link.
    matrix
        Planned traffic in Mbit/s by pair of nodes.
    """

    nodes: int
    arcs: dict[Pair, int]
    matrix: dict[Pair, float]


@lru_cache
def _file() -> dict[str, dict[str, list[list[int]]]]:
    return dict(json.loads(gzip.decompress(_DATA.read_bytes())))


@lru_cache(maxsize=64)
def sndlib(name: str) -> Network:
    """Return a network of SNDlib with its own traffic matrix; where that has one direction only, the other is like it."""
    record = _file()[name]
    demands = {(s, t): float(amount) for s, t, amount in record["demands"]}
    if not any((t, s) in demands for s, t in demands):
        demands |= {(t, s): amount for (s, t), amount in demands.items()}
    links = [(u, v) for u, v in record["links"]]
    return planned(int(str(record["nodes"])), links, demands)


def planned(nodes: int, links: Iterable[Pair], demands: Mapping[Pair, float]) -> Network:
    """Give links the capacity that shortest paths need for `demands`, scaled to a common size, in whole modules.

    Equal-cost paths share a demand evenly; both directions of a link have the same capacity.
    """
    both = sorted({arc for u, v in links for arc in ((u, v), (v, u))})
    load = shares(nodes, both, demands)
    scale = _MEAN_LOAD * len(both) / sum(load.values())
    arcs = {(u, v): MODULE * max(1, math.ceil(scale * max(load[u, v], load[v, u]) / MODULE)) for u, v in both}
    return Network(nodes, arcs, {pair: scale * amount for pair, amount in demands.items()})


def shares(nodes: int, arcs: list[Pair], demands: Mapping[Pair, float]) -> dict[Pair, float]:
    """Return what shortest paths by number of arcs put on each arc; at every node, equal ones share evenly."""
    into: dict[int, list[int]] = {node: [] for node in range(nodes)}
    out: dict[int, list[int]] = {node: [] for node in range(nodes)}
    for u, v in arcs:
        into[v].append(u)
        out[u].append(v)
    load = dict.fromkeys(arcs, 0.0)
    for dst in range(nodes):
        far = distances(dst, into)
        here = {s: amount for (s, t), amount in demands.items() if t == dst}
        for node in sorted(far, key=lambda node: (-far[node], node)):
            amount = here.get(node, 0.0)
            if node == dst or not amount:
                continue
            nearer = [v for v in out[node] if far.get(v, nodes) == far[node] - 1]
            for v in nearer:
                load[node, v] += amount / len(nearer)
                here[v] = here.get(v, 0.0) + amount / len(nearer)
    return load


def distances(start: int, neighbours: Mapping[int, Iterable[int]]) -> dict[int, int]:
    """Return the number of arcs from `start` to every node that can be reached."""
    far, queue = {start: 0}, [start]
    for u in queue:
        for v in neighbours[u]:
            if v not in far:
                far[v] = far[u] + 1
                queue.append(v)
    return far


# --------------------------------------------------------------------------- synthetic networks


def gravity(nodes: Iterable[int], rng: random.Random) -> dict[Pair, float]:
    """Draw traffic by a gravity model: what goes from s to t is in proportion to the size of both (Roughan, CCR 35, 2005)."""
    size = {node: rng.expovariate(1.0) + 0.05 for node in nodes}
    return {(s, t): size[s] * size[t] for s in size for t in size if s != t}


def waxman(nodes: int, rng: random.Random, alpha: float = 0.25, beta: float = 0.6) -> list[Pair]:
    """Draw the links of a connected random graph: near nodes are joined more often (Waxman, IEEE JSAC 6, 1988)."""
    at = [(rng.random(), rng.random()) for _ in range(nodes)]
    links = {
        (u, v)
        for u in range(nodes)
        for v in range(u)
        if rng.random() < beta * math.exp(-math.dist(at[u], at[v]) / (alpha * 1.4142))
    }
    joined = {0}
    while len(joined) < nodes:  # what hangs apart is joined where that is shortest
        for u, v in links:
            if (u in joined) != (v in joined):
                joined |= {u, v}
                break
        else:
            u, v = min(
                ((u, v) for u in joined for v in range(nodes) if v not in joined), key=lambda p: math.dist(at[p[0]], at[p[1]])
            )
            links.add((max(u, v), min(u, v)))
    return sorted(links)


def fat_tree(k: int) -> tuple[int, list[Pair], range]:
    """Return nodes, links and edge switches of a fat tree of switches with k ports (Al-Fares et al., SIGCOMM 2008)."""
    half, core = k // 2, (k // 2) ** 2
    edge, middle = k * half, k * half
    links = []
    for pod in range(k):
        for a in range(half):
            upper = edge + pod * half + a
            links += [(pod * half + e, upper) for e in range(half)]
            links += [(upper, edge + middle + a * half + c) for c in range(half)]
    return edge + middle + core, links, range(edge)
