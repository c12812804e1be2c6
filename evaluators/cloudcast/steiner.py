"""Minimum-cost Steiner arborescence: Dreyfus-Wagner, dual ascent, and a flow MIP on the remaining edges."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Prices = NDArray[np.int64]
"""Integer price matrix of a complete directed graph, in any unit; the diagonal is not used."""

Edge = tuple[int, int]

_TOO_MANY_FLOWS = 20_000
"""Maximum number of edges times terminals for the flow MIP; beyond it, the first relaxation takes minutes."""


@dataclass(frozen=True, slots=True)
class Arborescence:
    """An arborescence and a proven bound.

    Attributes
    ----------
    cost, edges
        Sum of the prices of its edges, and the edges.
    bound
        Proven lower bound on the minimum cost; equal to `cost` if the arborescence is optimal.
    solver
        Method that found and proved it.
    """

    cost: int
    bound: int
    edges: tuple[Edge, ...]
    solver: str


def steiner_arborescence(price: Prices, root: int, terminals: Sequence[int], time_limit: float = 120.0) -> Arborescence:
    """Find a minimum-cost set of edges with a path from `root` to every terminal; other nodes may be used.

    Up to 10 terminals by Dreyfus-Wagner. For more, dual ascent gives a bound and a heuristic gives a tree; if they differ, a
    flow MIP is solved over the edges that a better tree could use. If too many edges remain, or the MIP is not solved in
    `time_limit` seconds, the bound of dual ascent is returned.
    """
    if len(terminals) <= 10:
        cost, edges = dreyfus_wagner(price, root, terminals)
        return Arborescence(cost, cost, edges, "Dreyfus-Wagner")
    tree = path_heuristic(price, root, terminals)
    upper = cost_of(price, tree)
    lower, reduced = dual_ascent(price, root, terminals)
    again = path_heuristic(price, root, terminals, reduced)
    if cost_of(price, again) < upper:
        tree, upper = again, cost_of(price, again)
    if lower == upper:
        return Arborescence(upper, lower, tree, "dual ascent")
    keep = surviving(reduced, root, terminals, upper - lower)
    if len(keep) * len(terminals) > _TOO_MANY_FLOWS:
        return Arborescence(upper, lower, tree, f"dual ascent, {len(keep)} edges left")
    try:
        cost, edges = flow_mip(price, root, terminals, [*keep, *tree], time_limit)
    except TimeoutError:
        return Arborescence(upper, lower, tree, f"dual ascent, {len(keep)} edges left")
    return Arborescence(cost, cost, edges, f"flow MIP, {len(keep)} edges left by dual ascent")


def cost_of(price: Prices, edges: Iterable[Edge]) -> int:
    """Return the sum of the prices of distinct edges."""
    return int(sum(price[e] for e in set(edges)))


def distances(price: Prices) -> Prices:
    """Return the matrix of shortest distances between all nodes (Floyd 1962)."""
    best = price.copy()
    np.fill_diagonal(best, 0)
    for k in range(len(best)):
        np.minimum(best, best[:, k, None] + best[None, k, :], out=best)
    return best


def dreyfus_wagner(price: Prices, root: int, terminals: Sequence[int]) -> tuple[int, tuple[Edge, ...]]:
    """Solve exactly by dynamic programming over subsets of terminals, with 3^k vector operations.

    S. E. Dreyfus, R. A. Wagner, "The Steiner problem in graphs", Networks 1 (1971) 195-207; here with directed distances.
    """
    far = distances(price)
    k, n = len(terminals), len(price)
    tree = np.empty((1 << k, n), dtype=np.int64)  # minimum cost of a tree from each node to the subset
    split = np.empty((1 << k, n), dtype=np.int64)  # the same, if the node itself branches
    for bit, t in enumerate(terminals):
        tree[1 << bit] = far[:, t]
    for mask in range(1, 1 << k):
        if mask & (mask - 1) == 0:
            continue
        best: Prices | None = None
        low = mask & -mask
        sub = (mask - 1) & mask
        while sub:
            if sub & low:  # each partition into two once
                pair = tree[sub] + tree[mask ^ sub]
                best = pair if best is None else np.minimum(best, pair)
            sub = (sub - 1) & mask
        assert best is not None
        split[mask] = best
        tree[mask] = (far + split[mask][None, :]).min(axis=1)
    edges: set[Edge] = set()
    todo = [((1 << k) - 1, root)]
    while todo:
        mask, node = todo.pop()
        if mask & (mask - 1) == 0:
            edges.update(shortest_path(price, far, node, terminals[mask.bit_length() - 1]))
            continue
        at = int((far[node] + split[mask]).argmin())
        edges.update(shortest_path(price, far, node, at))
        sub = (mask - 1) & mask
        while tree[sub, at] + tree[mask ^ sub, at] != split[mask, at]:
            sub = (sub - 1) & mask
        todo += [(sub, at), (mask ^ sub, at)]
    return int(tree[-1, root]), pruned(edges, root, terminals)


def path_heuristic(price: Prices, root: int, terminals: Sequence[int], guide: Prices | None = None) -> tuple[Edge, ...]:
    """Build a tree by repeatedly adding the nearest terminal with its shortest path (Takahashi and Matsuyama 1980).

    Parameters
    ----------
    guide
        Prices for the distances instead of `price`, which then breaks ties; for example reduced costs of dual ascent.
    """
    if guide is not None:
        price = guide * (int(price.max()) * len(price) + 1) + price
    far = distances(price)
    inside, left, edges = [root], set(terminals), set[Edge]()
    while left:
        _, start, end = min((int(far[u, t]), u, t) for u in inside for t in sorted(left))
        for u, v in shortest_path(price, far, start, end):
            edges.add((u, v))
            inside.append(v)
            left.discard(v)
    return pruned(edges, root, terminals)


def dual_ascent(price: Prices, root: int, terminals: Sequence[int]) -> tuple[int, Prices]:
    """Compute a lower bound and reduced prices by dual ascent.

    R. T. Wong, "A dual ascent approach for Steiner tree problems on a directed graph", Mathematical Programming 28 (1984)
    271-287: raise the dual of a cut around an unreached terminal until an edge into it is free, smallest cut first.
    """
    reduced = price.copy()
    np.fill_diagonal(reduced, 0)
    bound = 0
    heap = [(0, t) for t in terminals]
    while heap:
        size, t = heapq.heappop(heap)
        cut = _reaching(reduced, t)
        if cut[root]:
            continue
        if cut.sum() > size:  # the cut has grown since it was pushed
            heapq.heappush(heap, (int(cut.sum()), t))
            if heap[0][1] != t:
                continue
            heapq.heappop(heap)
        entering = reduced[np.ix_(~cut, cut)]
        step = int(entering.min())
        bound += step
        reduced[np.ix_(~cut, cut)] = entering - step
        heapq.heappush(heap, (int(cut.sum()), t))
    return bound, reduced


def surviving(reduced: Prices, root: int, terminals: Sequence[int], slack: int) -> list[Edge]:
    """Return the edges that a tree of cost below bound + slack can use: those on a root-terminal path within the slack."""
    far = distances(reduced)
    onward = far[:, list(terminals)].min(axis=1)
    n = len(reduced)
    return [
        (u, v) for u in range(n) for v in range(n) if u != v and v != root and far[root, u] + reduced[u, v] + onward[v] <= slack - 1
    ]


def flow_mip(
    price: Prices, root: int, terminals: Sequence[int], edges: Iterable[Edge], time_limit: float = 120.0
) -> tuple[int, tuple[Edge, ...]]:
    """Solve the problem over the given edges as a multicommodity flow MIP, with CBC through PuLP.

    Raises
    ------
    TimeoutError
        Optimality is not proven in time.
    """
    import pulp

    edges = sorted(set(edges))
    nodes = {n for e in edges for n in e}
    into: dict[int, list[Edge]] = {n: [e for e in edges if e[1] == n] for n in nodes}
    out: dict[int, list[Edge]] = {n: [e for e in edges if e[0] == n] for n in nodes}
    model = pulp.LpProblem("steiner", pulp.LpMinimize)
    buy = {e: pulp.LpVariable(f"y_{e[0]}_{e[1]}", cat=pulp.LpBinary) for e in edges}
    model += pulp.lpSum(int(price[e]) * y for e, y in buy.items())
    for t in terminals:
        flow = {e: pulp.LpVariable(f"f_{t}_{e[0]}_{e[1]}", 0, 1) for e in edges}
        for node in nodes:
            net = pulp.lpSum(flow[e] for e in into[node]) - pulp.lpSum(flow[e] for e in out[node])
            model += net == (1 if node == t else -1 if node == root else 0)
        for e in edges:
            model += flow[e] <= buy[e]
    model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=time_limit, threads=1))
    if pulp.LpStatus[model.status] != "Optimal" or model.sol_status != pulp.LpSolutionOptimal:
        raise TimeoutError(f"CBC ended with status {pulp.LpStatus[model.status]!r} after at most {time_limit:g} s")
    chosen = {e for e, y in buy.items() if y.value() > 0.5}
    tree = pruned(chosen, root, terminals)
    return cost_of(price, tree), tree


def pruned(edges: Iterable[Edge], root: int, terminals: Sequence[int]) -> tuple[Edge, ...]:
    """Return a tree within `edges` that reaches all terminals, without dead ends."""
    parent = parents(edges, root)
    keep: set[Edge] = set()
    for t in terminals:
        node = t
        while node != root:
            keep.add((parent[node], node))
            node = parent[node]
    return tuple(sorted(keep))


def parents(edges: Iterable[Edge], root: int) -> dict[int, int]:
    """Return the predecessor of every node reachable from the root, by breadth-first search."""
    out: dict[int, list[int]] = {}
    for u, v in sorted(edges):
        out.setdefault(u, []).append(v)
    parent, queue = {root: root}, [root]
    for u in queue:
        for v in out.get(u, ()):
            if v not in parent:
                parent[v] = u
                queue.append(v)
    return parent


def shortest_path(price: Prices, far: Prices, start: int, end: int) -> list[Edge]:
    """Return the edges of a shortest path with fewest edges, given the distances `far`."""
    # Breadth-first over the edges of shortest paths to `end`: with prices of 0, a greedy walk could run in circles.
    parent, queue = {start: start}, [start]
    for u in queue:
        if u == end:
            break
        for v in (price[u] + far[:, end] == far[u, end]).nonzero()[0].tolist():
            if v not in parent:
                parent[v] = u
                queue.append(v)
    route = [end]
    while route[-1] != start:
        route.append(parent[route[-1]])
    return [(u, v) for v, u in pairwise(route)][::-1]


def _reaching(reduced: Prices, terminal: int) -> NDArray[np.bool_]:
    """Return a mask of the nodes that reach the terminal over edges of reduced price 0."""
    free = reduced == 0
    inside = np.zeros(len(reduced), dtype=bool)
    inside[terminal] = True
    while True:
        grown = inside | free[:, inside].any(axis=1)
        if (grown == inside).all():
            return inside
        inside = grown
