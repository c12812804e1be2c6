"""ARC: two lists, of blocks seen once and of blocks seen again, whose shares adapt to hits among what they dropped last.

N. Megiddo, D. S. Modha, ARC: a self-tuning, low overhead replacement cache, FAST 2003, figure 4.
The blocks of one prompt are handled hits first, then from its end.
"""


class Policy:
    """T1 and T2 hold what is in the cache, B1 and B2 remember what left them; dicts, the least recent first."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.capacity = task["capacity"]
        self.t1, self.t2, self.b1, self.b2 = {}, {}, {}, {}
        self.target = 0.0  # of the length of T1

    def evict(self, served, need):
        """Return the ids of the blocks to drop."""
        dropped = []
        for request in served:
            ids = request["blocks"][::-1]
            missing = [id for id in ids if id not in self.t1 and id not in self.t2]
            for id in ids:
                for queue in (self.t1, self.t2):
                    if id in queue:
                        del queue[id]
                        self.t2[id] = None
                        break
            for id in missing:
                dropped += self.insert(id)
        return dropped

    def insert(self, id):
        """Handle a miss; return what it pushed out."""
        size = self.capacity
        if id in self.b1:
            self.target = min(size, self.target + max(1.0, len(self.b2) / len(self.b1)))
            out = self.replace(False)
            del self.b1[id]
            self.t2[id] = None
            return out
        if id in self.b2:
            self.target = max(0.0, self.target - max(1.0, len(self.b1) / len(self.b2)))
            out = self.replace(True)
            del self.b2[id]
            self.t2[id] = None
            return out
        out = []
        if len(self.t1) + len(self.b1) == size:
            if len(self.t1) < size:
                del self.b1[next(iter(self.b1))]
                out = self.replace(False)
            else:
                out = [next(iter(self.t1))]
                del self.t1[out[0]]
        else:
            total = len(self.t1) + len(self.t2) + len(self.b1) + len(self.b2)
            if total >= size:
                if total == 2 * size:
                    del self.b2[next(iter(self.b2))]
                out = self.replace(False)
        self.t1[id] = None
        return out

    def replace(self, in_b2):
        """Drop the least recent block of T1 or T2 if the cache is full."""
        if len(self.t1) + len(self.t2) < self.capacity:
            return []
        if self.t1 and (len(self.t1) > self.target or (in_b2 and len(self.t1) == self.target) or not self.t2):
            source, ghosts = self.t1, self.b1
        else:
            source, ghosts = self.t2, self.b2
        id = next(iter(source))
        del source[id]
        ghosts[id] = None
        return [id]
