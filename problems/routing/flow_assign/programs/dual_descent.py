"""Dual mirror descent: prices of arcs follow what was sold; a request is carried if it is worth more than its cheapest path.

S. Balseiro, H. Lu and V. Mirrokni, "The Best of Many Worlds: Dual Mirror Descent for Online Allocation Problems", Operations
Research 71 (2023) 101-119. A step is a period: an arc may sell an equal part of its capacity in each. With the Euclidean map
its price rises in proportion to what is sold beyond that, and falls likewise. The length of the moves was chosen on train.
"""

import heapq
from itertools import pairwise

MOVE = 0.05
"""Move of a price in a step where all of an arc's part is left or twice as much is sold, over the mean worth of a Mbit/s."""


class Policy:
    """Keeps books of what is free, and a price for each arc."""

    def __init__(self, network):
        """Take the network: nodes, arcs and steps."""
        self.out = [[] for _ in range(network["nodes"])]
        for u, v, _ in network["arcs"]:
            self.out[u].append(v)
        self.left = {(u, v): mbps for u, v, mbps in network["arcs"]}
        self.part = {arc: mbps / network["steps"] for arc, mbps in self.left.items()}
        self.price = dict.fromkeys(self.left, 0.0)
        self.bw = self.value = 0
        self.step = -1

    def admit(self, step, requests):
        """Return a path, empty for a refusal, for each request of a step."""
        for r in requests:
            self.bw += r["bw"]
            self.value += r["value"]
        sold = dict.fromkeys(self.left, 0)
        answers = [self.decide(r["src"], r["dst"], r["bw"], r["value"], sold) for r in requests]
        unit, passed = self.value / self.bw, step - self.step
        self.step = step
        for arc, part in self.part.items():
            self.price[arc] = max(0.0, self.price[arc] + MOVE * unit * (sold[arc] / part - passed))
        return answers

    def decide(self, src, dst, bw, value, sold):
        """Path of one request, or []. What prices ask for counts as sold, as in the paper, even where there is no room."""
        path = self.cheapest(src, dst, 0, value / bw)
        if not path:
            return []
        for arc in pairwise(path):
            sold[arc] += bw
        if any(self.left[arc] < bw for arc in pairwise(path)):
            path = self.cheapest(src, dst, bw, value / bw)
        for arc in pairwise(path):
            self.left[arc] -= bw
        return path

    def cheapest(self, src, dst, bw, limit):
        """Nodes of the cheapest path, then of that with the fewest arcs, with `bw` free; [] if none costs less than `limit`."""
        cost, parent, queue = {src: (0.0, 0)}, {}, [(0.0, 0, src)]
        while queue:
            total, arcs, u = heapq.heappop(queue)
            if u == dst:
                break
            if (total, arcs) > cost[u]:
                continue
            for v in self.out[u]:
                found = (total + self.price[u, v], arcs + 1)
                if self.left[u, v] >= bw and found[0] < limit and (v not in cost or found < cost[v]):
                    cost[v], parent[v] = found, u
                    heapq.heappush(queue, (*found, v))
        path = [dst]
        while path[-1] != src:
            if path[-1] not in parent:
                return []
            path.append(parent[path[-1]])
        return path[::-1]
