"""LengthAware: like LFU, but of blocks used equally often the one that is furthest back in its prompt goes first.

R. Qin et al., Mooncake: A KVCache-centric disaggregated architecture for LLM serving, arXiv 2407.00079 (2024), LengthAwareCache.
"""

import heapq


class Policy:
    """Counts and positions, and a heap whose entries may be out of date."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.uses = {}
        self.current = {}  # the valid heap entry of each block in the cache
        self.heap = []
        self.clock = 0

    def evict(self, served, need):
        """Return the ids of the blocks to drop."""
        for request in served:
            for position, id in enumerate(request["blocks"]):
                self.clock += 1
                self.uses[id] = self.uses.get(id, 0) + 1
                self.current[id] = entry = (self.uses[id], -position, self.clock, id)
                heapq.heappush(self.heap, entry)
        dropped = []
        while len(dropped) < need:
            entry = heapq.heappop(self.heap)
            if self.current.get(entry[-1]) == entry:
                dropped.append(entry[-1])
                del self.current[entry[-1]]
        return dropped
