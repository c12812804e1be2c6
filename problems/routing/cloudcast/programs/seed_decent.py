"""A shared tree grown path by path (Takahashi and Matsuyama 1980), nearest destination first, with a price on time."""

import heapq
from itertools import pairwise

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"time_weight": (0.0, 20.0), "crowd": (0.0, 2.0)}
time_weight = 2.0  # how many regions' VMs wait for an edge
crowd = 1.0  # how much the edges that leave a region already slow the next one down


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
    if used:
        return 0.0
    seconds = 8 * gb / min(gbps, egress / (1 + crowd * out_edges))
    return price * gb + time_weight * vm_second * seconds


# EVOLVE-BLOCK-END


def broadcast(src: int, dsts: list[int], price: list[list[float]], gbps: list[list[float]], params: dict) -> list[list[list[int]]]:
    """Choose the way of every partition to every destination so that egress and VMs cost little.

    price[u][v] is $ per GB and gbps[u][v] Gbit/s from region u to v. `params` holds `parts`, `gb`, `vms`, `vm_price` ($/h),
    and by region `egress` and `ingress` in Gbit/s. Returns, by destination and partition, the regions from src to it.
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

    paths, left = {}, set(dsts)
    while left:
        path = nearest(src, left, n, costs)
        paths[path[-1]] = path
        left.discard(path[-1])
        for u, v in pairwise(path):
            if (u, v) not in used:
                used.add((u, v))
                out_edges[u] += 1
                in_edges[v] += 1
                inside[v] = 1
    return [[paths[d]] * params["parts"] for d in dsts]


def nearest(src, targets, n, costs):
    """Path of least cost from src to whichever target is nearest; costs below 0 count as 0."""
    far, parent, done = [float("inf")] * n, [src] * n, [False] * n
    far[src] = 0.0
    queue = [(0.0, src)]
    while queue:
        d, u = heapq.heappop(queue)
        if done[u]:
            continue
        done[u] = True
        if u in targets:
            break
        ends = [v for v in range(n) if not done[v]]
        for v, w in zip(ends, costs(u, ends), strict=True):
            if d + max(w, 0.0) < far[v]:
                far[v], parent[v] = d + max(w, 0.0), u
                heapq.heappush(queue, (far[v], v))
    path = [u]
    while path[-1] != src:
        path.append(parent[path[-1]])
    return path[::-1]
