"""Which blocks of a cache of prompts to drop: everything may change but the contract, `Policy(task)` and `evict(served, need)`."""

import heapq


# EVOLVE-BLOCK-START
class Policy:
    """Drops what was asked for least often, of equals the least recent."""

    def __init__(self, task):
        """Take the task: {"capacity": blocks that the cache can hold}."""
        self.capacity = task["capacity"]
        self.uses = {}  # by block, also of blocks that were dropped
        self.entry = {}  # by block in the cache: its valid entry in the heap
        self.heap = []  # (score, when, block), least first; entries may be out of date
        self.when = 0

    def evict(self, served, need):
        """Return the ids of at least `need` different blocks to drop, e.g. [17, 16, 42].

        `served` lists the requests since the last call, the latest last, each a dict of time_s (since the start), tokens
        (length of the prompt), blocks (ids of its blocks of 512 tokens in order) and hits (how many of the first ones were
        in the cache). All blocks that were asked for and not dropped are in the cache now, those of `served` included.
        A block is of use only while all blocks before it in its prompt are in the cache: drop from the end.
        """
        for request in served:
            # From the end, so that of equals the end of a prompt goes first.
            for block in reversed(request["blocks"]):
                self.when += 1
                self.uses[block] = self.uses.get(block, 0) + 1
                self.entry[block] = (self.score(block, request), self.when, block)
                heapq.heappush(self.heap, self.entry[block])
        dropped = []
        while len(dropped) < need:
            entry = heapq.heappop(self.heap)
            block = entry[-1]
            if self.entry.get(block) == entry:
                del self.entry[block]
                dropped.append(block)
        return dropped

    def score(self, block, request):
        """What keeping the block is worth, judged when it is asked for."""
        return self.uses[block]


# EVOLVE-BLOCK-END
