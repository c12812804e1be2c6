"""Least KV: the replica with the fewest tokens in memory or still to be computed; first come, first served there.

Dispatching by memory in use and demanded, as the baseline INFaaS++ of B. Sun et al., "Llumnix: Dynamic Scheduling for Large
Language Model Serving", OSDI 2024.
"""


class Policy:
    """Weighs replicas by tokens."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""

    def route(self, news, request, replicas):
        """The replica with the fewest tokens."""
        return min(range(len(replicas)), key=lambda k: replicas[k]["held"] + replicas[k]["backlog"])

    def order(self, news, waiting, running, room):
        """First come, first served: ids count arrivals."""
        return sorted(id for id, _ in waiting)

    def preempt(self, news, running):
        """The last that came."""
        return max(id for id, _, _ in running)
