"""Trunk reservation: requests of little worth must leave a part of every arc free; others take any path with room.

P. B. Key, "Optimal Control and Trunk Reservation in Loss Networks", Probability in the Engineering and Informational
Sciences 4 (1990) 203-242. There are three classes by worth of a Mbit/s, of equal size among the requests so far. Shortest
paths that leave the reserve; the reserves were chosen on train.
"""

from bisect import insort
from itertools import pairwise

RESERVE = (0.6, 0.4, 0.0)
"""Share of an arc's capacity that requests of the lower, middle and upper third must leave free."""


class Policy:
    """Keeps books of what is free, and the worth of all requests so far."""

    def __init__(self, network):
        """Take the network: nodes, arcs and steps."""
        self.out = [[] for _ in range(network["nodes"])]
        for u, v, _ in network["arcs"]:
            self.out[u].append(v)
        self.capacity = {(u, v): mbps for u, v, mbps in network["arcs"]}
        self.left = dict(self.capacity)
        self.seen = []

    def admit(self, step, requests):
        """Return a path, empty for a refusal, for each request of a step."""
        return [self.decide(r["src"], r["dst"], r["bw"], r["value"] / r["bw"]) for r in requests]

    def decide(self, src, dst, bw, worth):
        """Path of one request by breadth-first search, or []."""
        insort(self.seen, worth)
        low, high = self.seen[len(self.seen) // 3], self.seen[2 * len(self.seen) // 3]
        reserve = RESERVE[(worth >= low) + (worth >= high)]
        parent, queue = {src: src}, [src]
        for u in queue:
            if u == dst:
                break
            for v in self.out[u]:
                if v not in parent and self.left[u, v] - bw >= reserve * self.capacity[u, v]:
                    parent[v] = u
                    queue.append(v)
        if dst not in parent:
            return []
        path = [dst]
        while path[-1] != src:
            path.append(parent[path[-1]])
        path.reverse()
        for arc in pairwise(path):
            self.left[arc] -= bw
        return path
