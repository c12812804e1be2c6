"""Power of two choices: of two random replicas the one with fewer requests; first come, first served there.

M. Mitzenmacher, "The power of two choices in randomized load balancing", IEEE Transactions on Parallel and Distributed
Systems 12 (2001) 1094-1104.
"""

import random


class Policy:
    """Draws by a fixed seed."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.rng = random.Random(0)

    def route(self, news, request, replicas):
        """The shorter queue of two."""
        two = self.rng.sample(range(len(replicas)), min(2, len(replicas)))
        return min(two, key=lambda k: replicas[k]["running"] + replicas[k]["waiting"])

    def order(self, news, waiting, running, room):
        """First come, first served: ids count arrivals."""
        return sorted(id for id, _ in waiting)

    def preempt(self, news, running):
        """The last that came."""
        return max(id for id, _, _ in running)
