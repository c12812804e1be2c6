"""GDSF: frequency counts that age, because what was dropped last sets the level at which newcomers start.

L. Cherkasova, Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching policy, HP Laboratories HPL-98-69R1
(1998). Blocks are all of one size and cost, so key = level + uses since the block came in; of equals the least recent goes first.
"""

import heapq


class Policy:
    """Keys, and a heap whose entries may be out of date."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.uses = {}
        self.current = {}  # the valid heap entry of each block in the cache
        self.heap = []
        self.clock = 0
        self.level = 0

    def evict(self, served, need):
        """Return the ids of the blocks to drop."""
        for request in served:
            for id in reversed(request["blocks"]):
                self.clock += 1
                self.uses[id] = self.uses.get(id, 0) + 1
                self.current[id] = entry = (self.level + self.uses[id], self.clock, id)
                heapq.heappush(self.heap, entry)
        dropped = []
        while len(dropped) < need:
            entry = heapq.heappop(self.heap)
            if self.current.get(entry[-1]) == entry:
                self.level = entry[0]
                dropped.append(entry[-1])
                del self.current[entry[-1]], self.uses[entry[-1]]
        return dropped
