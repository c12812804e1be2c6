"""The whole program may change: shortest paths with room; what is worth little leaves a reserve on every arc."""

from itertools import pairwise


# EVOLVE-BLOCK-START
class Policy:
    """Keeps its own books and decides requests one by one, in the order of arrival."""

    def __init__(self, network):
        """Take the network: a dict of `nodes`, `arcs` ([from, to, Mbit/s] each) and `steps` of the day."""
        self.out = {node: [] for node in range(network["nodes"])}
        for u, v, _ in network["arcs"]:
            self.out[u].append(v)
        self.capacity = {(u, v): mbps for u, v, mbps in network["arcs"]}
        self.left = dict(self.capacity)
        self.seen = []  # value per Mbit/s of all requests so far

    def admit(self, step, requests):
        """Return a path, a list of nodes from src to dst, empty for a refusal, for each request of a step.

        `requests` are dicts of src, dst, bw (Mbit/s) and value. A path needs `bw` free on each arc, and keeps it.
        """
        return [self.decide(request) for request in requests]

    def decide(self, request):
        """Path of one request, or []."""
        worth = request["value"] / request["bw"]
        self.seen.append(worth)
        reserve = 0.1 if worth < sum(self.seen) / len(self.seen) else 0.0
        path = self.shortest(request["src"], request["dst"], request["bw"], reserve)
        for arc in pairwise(path):
            self.left[arc] -= request["bw"]
        return path

    def shortest(self, src, dst, bw, reserve):
        """Nodes of a path with the fewest arcs that keeps a share of every arc free; an empty list if there is none."""
        parent, queue = {src: src}, [src]
        for u in queue:
            for v in self.out[u]:
                if v not in parent and self.left[u, v] - bw >= reserve * self.capacity[u, v]:
                    parent[v] = u
                    queue.append(v)
            if dst in parent:
                path = [dst]
                while path[-1] != src:
                    path.append(parent[path[-1]])
                return path[::-1]
        return []


# EVOLVE-BLOCK-END
