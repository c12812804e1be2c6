"""Spanning tree of the cheapest-path distances between source and destinations, its edges unfolded to paths and pruned.

L. Kou, G. Markowsky, L. Berman, "A fast algorithm for Steiner trees", Acta Informatica 15 (1981) 141-145; on directed
prices: Prim's tree from the source in place of the undirected spanning tree, and cheapest paths in the unfolded graph.
"""

import heapq
from itertools import pairwise


def broadcast(src, dsts, price, gbps, params):
    """One tree for all partitions."""
    n = len(price)
    edges = {u: [(v, price[u][v]) for v in range(n) if v != u] for u in range(n)}
    near = {u: dijkstra(u, edges) for u in [src, *dsts]}
    inside, left, unfolded = [src], set(dsts), {u: {} for u in range(n)}
    while left:
        _, u, v = min((near[u][0][v], u, v) for u in inside for v in left)
        inside.append(v)
        left.discard(v)
        way = route(near[u][1], u, v)
        for a, b in pairwise(way):
            unfolded[a][b] = price[a][b]
    _, parent = dijkstra(src, {u: list(to.items()) for u, to in unfolded.items()})
    return [[route(parent, src, d)] * params["parts"] for d in dsts]


def dijkstra(src, edges):
    """Distance and predecessor of every region that is reached."""
    far, parent, queue = {src: 0.0}, {}, [(0.0, src)]
    while queue:
        d, u = heapq.heappop(queue)
        if d > far[u]:
            continue
        for v, w in edges[u]:
            if d + w < far.get(v, float("inf")):
                far[v], parent[v] = d + w, u
                heapq.heappush(queue, (d + w, v))
    return far, parent


def route(parent, src, dst):
    """Path from src to dst."""
    path = [dst]
    while path[-1] != src:
        path.append(parent[path[-1]])
    return path[::-1]
