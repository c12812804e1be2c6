"""S3-FIFO: a small queue on probation, a main queue with second chances, and a memory of what left probation unused.

J. Yang, Y. Zhang, Z. Qiu, Y. Yue, R. Vinayak, FIFO queues are all you need for cache eviction, SOSP 2023, algorithm 1: a tenth
of the cache for the small queue, counts up to 3, promotion above 1, as many ghosts as the main queue may hold.
The blocks of one prompt are handled hits first, then from its end.
"""


class Policy:
    """Three queues; a dict keeps the order of insertion."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.capacity = task["capacity"]
        self.small_size = max(1, self.capacity // 10)
        self.main_size = max(1, self.capacity - self.small_size)
        self.small, self.main, self.ghosts = {}, {}, {}  # the first two hold counts

    def evict(self, served, need):
        """Return the ids of the blocks to drop."""
        dropped = []
        for request in served:
            ids = request["blocks"][::-1]
            missing = [id for id in ids if id not in self.small and id not in self.main]
            for id in ids:
                for queue in (self.small, self.main):
                    if id in queue:
                        queue[id] = min(queue[id] + 1, 3)
            for id in missing:
                while len(self.small) + len(self.main) >= self.capacity:
                    dropped.append(self.drop())
                if id in self.ghosts:
                    del self.ghosts[id]
                    self.main[id] = 0
                else:
                    self.small[id] = 0
        return dropped

    def drop(self):
        """Make room for one block."""
        if len(self.small) < self.small_size and self.main:
            return self.drop_from_main()
        while self.small:
            id = next(iter(self.small))
            if self.small.pop(id) <= 1:
                self.ghosts.pop(id, None)
                self.ghosts[id] = None
                if len(self.ghosts) > self.main_size:
                    del self.ghosts[next(iter(self.ghosts))]
                return id
            self.main[id] = 0
            if len(self.main) > self.main_size:
                return self.drop_from_main()
        return self.drop_from_main()

    def drop_from_main(self):
        """Drop the first block of the main queue that was not used since it was last looked at."""
        while True:
            id = next(iter(self.main))
            count = self.main.pop(id)
            if not count:
                return id
            self.main[id] = count - 1
