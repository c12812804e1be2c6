"""Minimum interference routing: a request avoids the arcs that are critical to other pairs; everything that fits is carried.

M. Kodialam and T. V. Lakshman, "Minimum Interference Routing with Applications to MPLS Traffic Engineering", INFOCOM 2000.
An arc is critical to a pair of nodes if it lies in one of its minimum cuts, found by one maximum flow. The weight of an arc
is the number of other pairs that it is critical to, each over its maximum flow; the path of least weight over arcs with room
is taken.

The paper's networks have four pairs of ingress and egress. Here they are the four that have asked for most so far, and their
cuts are found anew once a step.
"""

import heapq
from itertools import pairwise

PAIRS = 4


class Policy:
    """Keeps books of what is free, of what was asked for, and of the critical arcs of the largest pairs."""

    def __init__(self, network):
        """Take the network: nodes, arcs and steps."""
        self.out = [[] for _ in range(network["nodes"])]
        self.joined = [[] for _ in range(network["nodes"])]  # either way
        for u, v, _ in network["arcs"]:
            self.out[u].append(v)
            self.joined[u].append(v)
            self.joined[v].append(u)
        self.joined = [sorted(set(ends)) for ends in self.joined]
        self.left = {(u, v): mbps for u, v, mbps in network["arcs"]}
        self.asked = {}

    def admit(self, step, requests):
        """Return a path, empty for a refusal, for each request of a step."""
        for r in requests:
            pair = r["src"], r["dst"]
            self.asked[pair] = self.asked.get(pair, 0) + r["bw"]
        largest = heapq.nlargest(PAIRS, self.asked, key=self.asked.get)
        critical = [(pair, *self.critical(*pair)) for pair in largest]
        return [self.decide(r["src"], r["dst"], r["bw"], critical) for r in requests]

    def critical(self, src, dst):
        """Maximum flow from src to dst and the arcs of its minimum cuts: full ones that no residual path leads around."""
        rest = dict(self.left)
        for u, v in self.left:
            rest.setdefault((v, u), 0)
        total = 0
        while path := self.augmenting(src, dst, rest):
            amount = min(rest[arc] for arc in path)
            for u, v in path:
                rest[u, v] -= amount
                rest[v, u] += amount
            total += amount
        full = {}
        for (u, v), mbps in self.left.items():
            if mbps and not rest[u, v]:
                full.setdefault(u, []).append(v)
        found = []
        for u, ends in full.items():
            reached = self.reached(u, rest)
            found += [(u, v) for v in ends if v not in reached]
        return total, found

    def augmenting(self, src, dst, rest):
        """Arcs of a shortest path with something left, or []."""
        parent, queue = {src: src}, [src]
        for u in queue:
            for v in self.joined[u]:
                if v not in parent and rest[u, v] > 0:
                    parent[v] = u
                    queue.append(v)
            if dst in parent:
                break
        path = []
        while dst != src and dst in parent:
            path.append((parent[dst], dst))
            dst = parent[dst]
        return path

    def reached(self, start, rest):
        """Nodes that a residual path leads to."""
        seen, queue = {start}, [start]
        for u in queue:
            for v in self.joined[u]:
                if v not in seen and rest[u, v] > 0:
                    seen.add(v)
                    queue.append(v)
        return seen

    def decide(self, src, dst, bw, critical):
        """Path of one request, or []: least weight, then fewest arcs."""
        weight = {}
        for pair, flow, arcs in critical:
            if pair != (src, dst):
                for arc in arcs:
                    weight[arc] = weight.get(arc, 0.0) + 1 / flow
        cost, parent, queue = {src: (0.0, 0)}, {}, [(0.0, 0, src)]
        while queue:
            total, arcs, u = heapq.heappop(queue)
            if u == dst:
                break
            if (total, arcs) > cost[u]:
                continue
            for v in self.out[u]:
                if self.left[u, v] < bw:
                    continue
                found = (total + weight.get((u, v), 0.0), arcs + 1)
                if v not in cost or found < cost[v]:
                    cost[v], parent[v] = found, u
                    heapq.heappush(queue, (*found, v))
        if dst not in parent:
            return []
        path = [dst]
        while path[-1] != src:
            path.append(parent[path[-1]])
        path.reverse()
        for arc in pairwise(path):
            self.left[arc] -= bw
        return path
