"""FIFO: what came first goes first.

L. A. Belady, A study of replacement algorithms for a virtual-storage computer, IBM Systems Journal 5(2) (1966) 78-101.
The blocks of one prompt come in from its end, so that beginnings, which everything behind them needs, stay longer.
"""


class Policy:
    """One queue."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.queue = {}  # a dict keeps the order of insertion

    def evict(self, served, need):
        """Return the ids of the blocks to drop."""
        for request in served:
            for id in reversed(request["blocks"]):
                self.queue.setdefault(id)
        dropped = [id for id, _ in zip(self.queue, range(need), strict=False)]
        for id in dropped:
            del self.queue[id]
        return dropped
