"""Requests for bandwidth, a batch a step: each takes the cheapest path with room, if it is worth the price.

The part between the markers prices an arc; the class below it keeps the books, searches paths and compares price and worth.
"""

import heapq


# EVOLVE-BLOCK-START
def price(capacity: float, left: float, asked: float, bw: float, worth: float, elapsed: float, hops: int) -> float:
    """Price of one Mbit/s on an arc, in units of the mean worth of a Mbit/s so far; below 0 counts as 0.

    A request takes the path with the least sum of prices (fewest arcs where equal) and is refused if that is more than `worth`.

    capacity  Mbit/s of the arc
    left      Mbit/s free on it before this request
    asked     Mbit/s that all requests so far, this one included, would take of it if each had gone the shortest way
    bw        Mbit/s of the request
    worth     value of the request per Mbit/s, over the mean of all requests so far
    elapsed   share of the day that is over, above 0, 1 at the end
    hops      arcs of the shortest way between the ends of the request
    """
    return 0.0


# EVOLVE-BLOCK-END


class Policy:
    """Keeps its own books and gives each request, in the order of arrival, the cheapest path with room."""

    def __init__(self, network):
        """Take the network: a dict of `nodes`, `arcs` ([from, to, Mbit/s] each) and `steps` of the day."""
        self.steps = network["steps"]
        self.out = [[] for _ in range(network["nodes"])]  # by node: numbers and ends of its arcs
        for arc, (u, v, _) in enumerate(network["arcs"]):
            self.out[u].append((arc, v))
        self.capacity = [mbps for _, _, mbps in network["arcs"]]
        self.left = list(self.capacity)
        self.asked = [0.0] * len(self.capacity)
        self.shortest = {}  # arcs of the shortest way, by pair of nodes
        self.bw = self.value = 0  # of all requests so far

    def admit(self, step, requests):
        """Return a path, a list of nodes from src to dst, empty for a refusal, for each request of a step.

        `requests` are dicts of src, dst, bw (Mbit/s) and value. A path needs `bw` free on each arc, and keeps it.
        """
        elapsed = (step + 1) / self.steps
        return [self.decide(r["src"], r["dst"], r["bw"], r["value"], elapsed) for r in requests]

    def decide(self, src, dst, bw, value, elapsed):
        """Path of one request, empty for a refusal; the books are kept."""
        self.bw += bw
        self.value += value
        if (src, dst) not in self.shortest:
            self.shortest[src, dst] = self.cheapest(src, dst, lambda arc: 1.0)[1]
        way = self.shortest[src, dst]
        for arc, _ in way:
            self.asked[arc] += bw
        worth = value * self.bw / (bw * self.value)

        def cost(arc):
            if self.left[arc] < bw:
                return float("inf")
            return price(self.capacity[arc], self.left[arc], self.asked[arc], bw, worth, elapsed, len(way))

        total, path = self.cheapest(src, dst, cost)
        if not path or not total <= worth:
            return []
        for arc, _ in path:
            self.left[arc] -= bw
        return [src, *(node for _, node in path)]

    def cheapest(self, src, dst, cost):
        """Total and arcs of the path of least cost, of equal ones one with the fewest arcs; (infinity, []) if there is none."""
        best, queue, parent = {src: (0.0, 0)}, [(0.0, 0, src)], {}
        while queue:
            total, arcs, u = heapq.heappop(queue)
            if (total, arcs) > best[u]:
                continue
            if u == dst:
                path = []
                while u != src:
                    arc, previous = parent[u]
                    path.append((arc, u))
                    u = previous
                return total, path[::-1]
            for arc, v in self.out[u]:
                charged = cost(arc)
                if charged == float("inf"):
                    continue
                found = (total + charged if charged > 0 else total, arcs + 1)
                if v not in best or found < best[v]:
                    best[v], parent[v] = found, (arc, u)
                    heapq.heappush(queue, (*found, v))
        return float("inf"), []
