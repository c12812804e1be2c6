"""Each destination by its cheapest path from the source, all partitions alike; what paths share is by chance.

E. W. Dijkstra, "A note on two problems in connexion with graphs", Numerische Mathematik 1 (1959) 269-271; this is the
starting program of the published task.
"""

import heapq


def broadcast(src, dsts, price, gbps, params):
    """Union of the cheapest paths; ties to the path that was found first."""
    n = len(price)
    far, parent, queue = {src: 0.0}, {}, [(0.0, src)]
    while queue:
        d, u = heapq.heappop(queue)
        if d > far[u]:
            continue
        for v in range(n):
            if v != u and d + price[u][v] < far.get(v, float("inf")):
                far[v], parent[v] = d + price[u][v], u
                heapq.heappush(queue, (far[v], v))
    paths = []
    for d in dsts:
        path = [d]
        while path[-1] != src:
            path.append(parent[path[-1]])
        paths.append([path[::-1]] * params["parts"])
    return paths
