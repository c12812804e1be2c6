"""LFU: what has been asked for least often goes first, of equals the least recent; counts outlive a stay in the cache.

A. V. Aho, P. J. Denning, J. D. Ullman, Principles of optimal page replacement, Journal of the ACM 18(1) (1971) 80-93 (their A0
with counts for probabilities). L. Breslau et al., Web caching and Zipf-like distributions, INFOCOM 1999, call it perfect LFU.
"""

import heapq


class Policy:
    """Counts, and a heap whose entries may be out of date."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.uses = {}
        self.current = {}  # the valid heap entry of each block in the cache
        self.heap = []
        self.clock = 0

    def evict(self, served, need):
        """Return the ids of the blocks to drop."""
        for request in served:
            for id in reversed(request["blocks"]):
                self.clock += 1
                self.uses[id] = self.uses.get(id, 0) + 1
                self.current[id] = entry = (self.uses[id], self.clock, id)
                heapq.heappush(self.heap, entry)
        dropped = []
        while len(dropped) < need:
            entry = heapq.heappop(self.heap)
            if self.current.get(entry[-1]) == entry:
                dropped.append(entry[-1])
                del self.current[entry[-1]]
        return dropped
