"""Round robin over the replicas; each serves first come, first served, and preempts the last that came.

The queue and the preemption of W. Kwon et al., "Efficient Memory Management for Large Language Model Serving with
PagedAttention", SOSP 2023; round robin is the first of the dispatchers in B. Sun et al., "Llumnix: Dynamic Scheduling for
Large Language Model Serving", OSDI 2024.
"""


class Policy:
    """Knows whose turn it is."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.turn = -1

    def route(self, news, request, replicas):
        """The next replica."""
        self.turn = (self.turn + 1) % len(replicas)
        return self.turn

    def order(self, news, waiting, running, room):
        """First come, first served: ids count arrivals."""
        return sorted(id for id, _ in waiting)

    def preempt(self, news, running):
        """The last that came."""
        return max(id for id, _, _ in running)
