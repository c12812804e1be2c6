"""References for one-to-many transfers: a proven lower bound, and the best cost found by simulated annealing of multicast trees."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from time import perf_counter

import numpy as np

from evaluators.cloudcast.steiner import Arborescence, Prices, distances, parents, pruned, shortest_path, steiner_arborescence
from evaluators.cloudcast.verifier import Bill, Edge, Network, Transfer, bill
from workbench.errors import ProblemError
from workbench.model import Instance, Reference

PRICE_UNIT = 1e-4
"""Unit of prices: all prices are whole multiples of it, in $/GB."""

Tree = dict[int, int]
"""Multicast tree: the parent of every region except the source."""


def solve(instance: Instance, network: Network, steps: int = 30_000) -> Reference:
    """Compute the reference of one instance: optimal if cost and bound agree, otherwise best known, with the bound in its note."""
    began = perf_counter()
    task = Transfer.from_data(instance.data, network)
    cheapest = steiner_arborescence(whole_prices(network), task.src, task.dsts)
    bound = lower_bound(task, cheapest)
    best = best_bill(task, cheapest, random.Random(instance.id), steps)
    seconds = round(perf_counter() - began, 3)
    if best.total <= bound * (1 + 1e-9):
        return Reference(best.total, "optimal", f"{cheapest.solver} meets the bound", seconds)
    return Reference(best.total, "best_known", f"annealing; {cheapest.solver} proves {bound:.6f} at least", seconds)


def whole_prices(network: Network) -> Prices:
    """Return the price matrix as integers, in multiples of `PRICE_UNIT`.

    Raises
    ------
    ProblemError
        A price is not a multiple of `PRICE_UNIT`.
    """
    exact = np.array(network.price) / PRICE_UNIT
    whole = np.rint(exact).astype(np.int64)
    if np.abs(exact - whole).max() > 1e-6:
        raise ProblemError(f"broadcast: prices must be multiples of {PRICE_UNIT} $/GB")
    return whole


def lower_bound(task: Transfer, cheapest: Arborescence) -> float:
    """Return a proven lower bound on the total cost, in $.

    Egress: the edges that carry a partition reach all destinations, so each partition costs at least the cheapest
    arborescence. VMs: those of the source and the destinations run at least as long as the source needs to send all data
    once and the slowest destination needs to receive it, at the full limit of their VMs over all edges together.
    """
    net = task.network
    n = range(len(net.price))
    rate = min(net.egress[task.src], sum(net.gbps[task.src][v] for v in n if v != task.src))
    for d in task.dsts:
        rate = min(rate, net.ingress[d], sum(net.gbps[u][d] for u in n if u != d))
    seconds = task.gb * 8 / (task.vms * rate)
    vm = (len(task.dsts) + 1) * task.vms * task.vm_price / 3600 * seconds
    return task.gb * cheapest.bound * PRICE_UNIT + vm


def best_bill(task: Transfer, cheapest: Arborescence, rng: random.Random, steps: int) -> Bill:
    """Return the lowest cost found by annealing of one tree for all partitions, then of two and of five trees that share them.

    Starts from the cheapest tree and from the two best trees that sustain a given rate, with `steps` moves each.
    """
    price = whole_prices(task.network)
    top = max(task.network.egress)
    # Fractions of the limits, and a grid in steps of 12 %: a single edge may also be the bottleneck.
    rates = sorted({limit / k for limit in task.network.egress for k in range(1, 7)} | {top / 1.12**i for i in range(24)})
    grown = {tree for rate in rates if (tree := sustained(task, price, rate)) is not None}
    fast = sorted(grown, key=lambda edges: (bill(task, dict.fromkeys(edges, task.parts)).total, edges))[:2]
    met: list[Bill] = []
    for edges in (cheapest.edges, *fast):
        trees = [{v: u for v, u in parents(edges, task.src).items() if v != task.src}]
        met.append(bill(task, _carried(task, trees)))
        for count, share in ((1, 0.4), (2, 0.3), (5, 0.3)):
            if task.parts % count == 0:
                start = [dict(trees[i % len(trees)]) for i in range(count)]
                trees, value = _anneal(task, start, rng, round(steps * share))
                met.append(value)
    return min(met, key=lambda found: found.total)


def sustained(task: Transfer, price: Prices, rate: float) -> tuple[Edge, ...] | None:
    """Build a tree whose edges and regions sustain `rate` (Gbit/s per VM), nearest destination first; None if impossible."""
    never = np.int64(10**12)
    allowed = np.where(np.array(task.network.gbps) >= rate, price, never)
    far = distances(allowed)
    children, left, edges = {task.src: 0}, set(task.dsts), set[Edge]()
    while left:
        free = [u for u, count in children.items() if count < int(task.network.egress[u] / rate + 1e-9)]
        nearest = min(((int(far[u, d]), u, d) for u in free for d in left), default=None)
        if nearest is None or nearest[0] >= never:
            return None
        for u, v in shortest_path(allowed, far, nearest[1], nearest[2]):
            if (u, v) not in edges:
                edges.add((u, v))
                children[u] = children.get(u, 0) + 1
                children.setdefault(v, 0)
            left.discard(v)
    return pruned(edges, task.src, task.dsts)


def _carried(task: Transfer, trees: Sequence[Tree]) -> Counter[Edge]:
    share = task.parts // len(trees)
    edges: Counter[Edge] = Counter()
    for tree in trees:
        for v, u in tree.items():
            edges[u, v] += share
    return edges


def _anneal(task: Transfer, trees: list[Tree], rng: random.Random, steps: int) -> tuple[list[Tree], Bill]:
    now = best = bill(task, _carried(task, trees))
    kept = [dict(t) for t in trees]
    hot, cold = 0.03 * now.total, 1e-4 * now.total
    for step in range(steps):
        which = rng.randrange(len(trees))
        changed = _move(task, trees[which], rng)
        if changed is None:
            continue
        value = bill(task, _carried(task, [*trees[:which], changed, *trees[which + 1 :]]))
        heat = hot * (cold / hot) ** (step / steps)
        if value.total <= now.total or rng.random() < math.exp((now.total - value.total) / heat):
            trees[which], now = changed, value
            if now.total < best.total - 1e-12:
                best, kept = now, [dict(t) for t in trees]
    return kept, best


def _move(task: Transfer, tree: Tree, rng: random.Random) -> Tree | None:
    """Return a neighbour: swap two regions, or attach one elsewhere, directly or through a new relay; unused relays are removed."""
    changed = dict(tree)
    node = rng.choice(list(tree))
    inside = [task.src, *tree]
    kind = rng.random()
    if kind < 0.2:
        other = rng.choice(inside[1:])
        name = {node: other, other: node}
        changed = {name.get(v, v): name.get(u, u) for v, u in tree.items()}
    elif kind < 0.45:
        relay = rng.randrange(len(task.network.price))
        if relay in changed or relay == task.src:
            return None
        changed[relay] = tree[node] if rng.random() < 0.5 else rng.choice(inside)
        for v in [v for v, u in tree.items() if u == tree[node]]:
            if v == node or rng.random() < 0.5:
                changed[v] = relay
    else:
        changed[node] = rng.choice(inside)
    for start in (node, changed[node]):  # reject cycles
        seen = {start}
        up = start
        while up != task.src:
            up = changed[up]
            if up in seen:
                return None
            seen.add(up)
    needed: set[int] = set()
    for d in task.dsts:
        while d != task.src and d not in needed:
            needed.add(d)
            d = changed[d]
            if len(needed) > len(changed):
                return None
    return {v: u for v, u in changed.items() if v in needed}
