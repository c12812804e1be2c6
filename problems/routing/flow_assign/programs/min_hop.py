"""A path with the fewest arcs of those with room; everything that fits is carried.

The default of link-state routing, as in R. Guérin, A. Orda and D. Williams, "QoS Routing Mechanisms and OSPF Extensions",
GLOBECOM 1997.
"""

from itertools import pairwise


class Policy:
    """Keeps books of what is free."""

    def __init__(self, network):
        """Take the network: nodes, arcs and steps."""
        self.out = [[] for _ in range(network["nodes"])]
        for u, v, _ in network["arcs"]:
            self.out[u].append(v)
        self.left = {(u, v): mbps for u, v, mbps in network["arcs"]}

    def admit(self, step, requests):
        """Return a path, empty for a refusal, for each request of a step."""
        return [self.decide(r["src"], r["dst"], r["bw"]) for r in requests]

    def decide(self, src, dst, bw):
        """Path of one request by breadth-first search, or []."""
        parent, queue = {src: src}, [src]
        for u in queue:
            if u == dst:
                break
            for v in self.out[u]:
                if v not in parent and self.left[u, v] >= bw:
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
