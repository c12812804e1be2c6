"""SIEVE: a queue in the order of arrival, and a hand that spares what was used since it last passed.

Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson, K. V. Rashmi, SIEVE is simpler than LRU: an efficient turn-key eviction algorithm for
web caches, NSDI 2024. The blocks of one prompt are handled hits first, then from its end.
"""


class Policy:
    """A linked list from the oldest to the newest block."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.capacity = task["capacity"]
        self.visited = {}  # by block in the cache
        self.newer = {None: None}  # None stands before the oldest and behind the newest
        self.older = {None: None}
        self.hand = None

    def evict(self, served, need):
        """Return the ids of the blocks to drop."""
        dropped = []
        for request in served:
            ids = request["blocks"][::-1]
            missing = [id for id in ids if id not in self.visited]
            for id in ids:
                if id in self.visited:
                    self.visited[id] = True
            for id in missing:
                if len(self.visited) >= self.capacity:
                    dropped.append(self.drop())
                self.visited[id] = False
                last = self.older[None]
                self.newer[last], self.older[id] = id, last
                self.newer[id], self.older[None] = None, id
        return dropped

    def drop(self):
        """Move the hand from old to new up to a block that was not visited."""
        id = self.newer[None] if self.hand is None else self.hand
        while self.visited[id]:
            self.visited[id] = False
            id = self.newer[id]
            if id is None:
                id = self.newer[None]
        before, after = self.older.pop(id), self.newer.pop(id)
        self.newer[before], self.older[after] = after, before
        self.hand = after
        del self.visited[id]
        return id
