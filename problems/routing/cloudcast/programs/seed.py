"""Each destination by its cheapest path (Dijkstra 1959); the cost of an edge starts as its price."""

import heapq
from itertools import pairwise


# EVOLVE-BLOCK-START
def edge_cost(
    price: float,
    gbps: float,
    used: int,
    out_edges: int,
    in_edges: int,
    egress: float,
    ingress: float,
    inside: int,
    gb: float,
    vm_second: float,
) -> float:
    """What an edge counts in the search for the next path, at least 0. All arguments are numbers.

    price      $ per GB on the edge
    gbps       Gbit/s that the edge could carry alone
    used       1 where the edge is in use already, 0 elsewhere
    out_edges  edges in use that leave its start
    in_edges   edges in use that enter its end
    egress     Gbit/s that its start can send in all
    ingress    Gbit/s that its end can receive in all
    inside     1 where the edge's end takes part already, 0 elsewhere
    gb         size of the data
    vm_second  $ that the VMs of one region cost per second
    """
    return price


# EVOLVE-BLOCK-END


def broadcast(src: int, dsts: list[int], price: list[list[float]], gbps: list[list[float]], params: dict) -> list[list[list[int]]]:
    """Choose the way of every partition to every destination so that egress and VMs cost little.

    Parameters
    ----------
    src
        Number of the region that has the data.
    dsts
        Numbers of the regions that want all of it.
    price
        $ per GB from region u to v: price[u][v]. Every pair of regions has an edge.
    gbps
        Gbit/s from u to v: gbps[u][v].
    params
        `parts` (equal partitions), `gb` (all data), `vms` (per region), `vm_price` ($/h), and by region `egress` and
        `ingress`: Gbit/s that its VMs send and receive in all.

    Returns
    -------
    list[list[list[int]]]
        By destination, by partition: the regions passed, from `src` to the destination. A partition that several
        destinations receive over the same edge is sent, and paid for, once.

    Examples
    --------
    >>> limits = {"egress": [10.0] * 3, "ingress": [20.0] * 3}
    >>> params = {"parts": 2, "gb": 300, "vms": 2, "vm_price": 0.54, **limits}
    >>> broadcast(0, [1, 2], [[0, 0.02, 0.1], [0.02, 0, 0.02], [0.1, 0.02, 0]], [[0, 5, 5], [5, 0, 5], [5, 5, 0]], params)
    [[[0, 1], [0, 1]], [[0, 1, 2], [0, 1, 2]]]
    """
    n, gb = len(price), params["gb"]
    vm_second = params["vms"] * params["vm_price"] / 3600
    used, out_edges, in_edges, inside = set(), [0] * n, [0] * n, [0] * n
    inside[src] = 1

    def costs(u, ends):
        row, speed, out, send, receive = price[u], gbps[u], out_edges[u], params["egress"][u], params["ingress"]
        return [
            edge_cost(row[v], speed[v], int((u, v) in used), out, in_edges[v], send, receive[v], inside[v], gb, vm_second)
            for v in ends
        ]

    paths = {}
    # The destinations that are near come first.
    for d in sorted(dsts, key=lambda d: price[src][d]):
        path = cheapest(src, d, n, costs)
        for u, v in pairwise(path):
            if (u, v) not in used:
                used.add((u, v))
                out_edges[u] += 1
                in_edges[v] += 1
                inside[v] = 1
        paths[d] = path
    return [[paths[d]] * params["parts"] for d in dsts]


def cheapest(src, dst, n, costs):
    """Path of least cost from src to dst, by Dijkstra's algorithm; costs below 0 count as 0."""
    far, parent, done = [float("inf")] * n, [src] * n, [False] * n
    far[src] = 0.0
    queue = [(0.0, src)]
    while queue:
        d, u = heapq.heappop(queue)
        if done[u]:
            continue
        done[u] = True
        if u == dst:
            break
        ends = [v for v in range(n) if not done[v]]
        for v, w in zip(ends, costs(u, ends), strict=True):
            if d + max(w, 0.0) < far[v]:
                far[v], parent[v] = d + max(w, 0.0), u
                heapq.heappush(queue, (far[v], v))
    path = [dst]
    while path[-1] != src:
        path.append(parent[path[-1]])
    return path[::-1]
