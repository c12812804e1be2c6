"""Of the paths with the fewest arcs, the one whose tightest arc has most free; everything that fits is carried.

R. Guérin, A. Orda and D. Williams, "QoS Routing Mechanisms and OSPF Extensions", GLOBECOM 1997: widest-shortest path.
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
        """Path of one request, or []: level by level, each node is reached by its widest way."""
        width, parent, level = {src: float("inf")}, {}, [src]
        while level and dst not in width:
            found = {}
            for u in level:
                for v in self.out[u]:
                    wide = min(width[u], self.left[u, v])
                    if v not in width and wide >= bw and wide > found.get(v, 0):
                        found[v], parent[v] = wide, u
            width.update(found)
            level = list(found)
        if dst not in width:
            return []
        path = [dst]
        while path[-1] != src:
            path.append(parent[path[-1]])
        path.reverse()
        for arc in pairwise(path):
            self.left[arc] -= bw
        return path
