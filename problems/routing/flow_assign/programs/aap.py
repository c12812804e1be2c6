"""Exponential prices: a request is carried if its value is at least the price of the cheapest path.

B. Awerbuch, Y. Azar and S. Plotkin, "Throughput-Competitive On-Line Routing", FOCS 1993. An arc of which a share x is used
costs mu^x - 1 for each Mbit/s, mu = 2 n F + 2, where no path is longer than n and the values of one Mbit/s, scaled to begin
at n, differ by a factor F at most. The algorithm is told both; here n is the longest of the shortest paths, and the least
value and F are those seen so far.
"""

import heapq
from itertools import pairwise


class Policy:
    """Keeps books of what is free, and the range of values seen."""

    def __init__(self, network):
        """Take the network: nodes, arcs and steps."""
        self.out = [[] for _ in range(network["nodes"])]
        for u, v, _ in network["arcs"]:
            self.out[u].append(v)
        self.capacity = {(u, v): mbps for u, v, mbps in network["arcs"]}
        self.left = dict(self.capacity)
        self.n = max(self.farthest(node) for node in range(network["nodes"]))
        self.least, self.most = float("inf"), 0.0

    def farthest(self, start):
        """Arcs to the node that is farthest from `start`."""
        far, queue = {start: 0}, [start]
        for u in queue:
            for v in self.out[u]:
                if v not in far:
                    far[v] = far[u] + 1
                    queue.append(v)
        return max(far.values())

    def admit(self, step, requests):
        """Return a path, empty for a refusal, for each request of a step."""
        return [self.decide(r["src"], r["dst"], r["bw"], r["value"] / r["bw"]) for r in requests]

    def decide(self, src, dst, bw, worth):
        """Path of one request, or []."""
        self.least, self.most = min(self.least, worth), max(self.most, worth)
        mu = 2 * self.n * self.most / self.least + 2
        limit = self.n * worth / self.least
        cost, parent, queue = {src: 0.0}, {}, [(0.0, src)]
        while queue:
            total, u = heapq.heappop(queue)
            if u == dst:
                break
            if total > cost[u]:
                continue
            for v in self.out[u]:
                if self.left[u, v] < bw:
                    continue
                found = total + mu ** (1 - self.left[u, v] / self.capacity[u, v]) - 1
                if found <= limit and found < cost.get(v, float("inf")):
                    cost[v], parent[v] = found, u
                    heapq.heappush(queue, (found, v))
        if dst not in parent:
            return []
        path = [dst]
        while path[-1] != src:
            path.append(parent[path[-1]])
        path.reverse()
        for arc in pairwise(path):
            self.left[arc] -= bw
        return path
