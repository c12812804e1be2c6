"""Shortest prompt first: the least work before the first token; the replica with the fewest tokens in memory or on the way.

L. Schrage, "A proof of the optimality of the shortest remaining processing time discipline", Operations Research 16 (1968)
687-690, applied to the work that a first token waits for. Dispatching as in least_kv.
"""


class Policy:
    """Weighs replicas by tokens and requests by what is to be computed."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""

    def route(self, news, request, replicas):
        """The replica with the fewest tokens."""
        return min(range(len(replicas)), key=lambda k: replicas[k]["held"] + replicas[k]["backlog"])

    def order(self, news, waiting, running, room):
        """The fewest tokens to compute first; ids count arrivals."""
        return [id for _, id in sorted((todo, id) for id, todo in waiting)]

    def preempt(self, news, running):
        """The last that came."""
        return max(id for id, _, _ in running)
