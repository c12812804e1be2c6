"""Join the shortest queue: the replica with the fewest requests, running or waiting; first come, first served there.

W. Winston, "Optimality of the shortest line discipline", Journal of Applied Probability 14 (1977) 181-189.
"""


class Policy:
    """Counts requests."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""

    def route(self, news, request, replicas):
        """The replica with the fewest requests."""
        return min(range(len(replicas)), key=lambda k: replicas[k]["running"] + replicas[k]["waiting"])

    def order(self, news, waiting, running, room):
        """First come, first served: ids count arrivals."""
        return sorted(id for id, _ in waiting)

    def preempt(self, news, running):
        """The last that came."""
        return max(id for id, _, _ in running)
