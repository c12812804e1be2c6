"""Prim's tree over source and destinations: the cheapest edge from a region that has the data to one that wants it.

R. C. Prim, "Shortest connection networks and some generalizations", Bell System Technical Journal 36 (1957) 1389-1401; on
directed prices, so a heuristic.
"""


def broadcast(src, dsts, price, gbps, params):
    """No relays; ties to the lower numbers."""
    path, left = {src: [src]}, set(dsts)
    while left:
        _, u, v = min((price[u][v], u, v) for u in path for v in left)
        path[v] = [*path[u], v]
        left.discard(v)
    return [[path[d]] * params["parts"] for d in dsts]
