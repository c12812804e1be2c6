"""Which blocks of a cache of prompts to drop: the ends of prompts, the seldom and not lately used ones first."""

import heapq

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"FADE": (0.0, 3.0)}
FADE = 0.1  # how many uses a block loses in the time in which the cache turns over


def worth(
    age: float,
    uses: int,
    gap: float,
    resident: float,
    position: int,
    behind: int,
    fill: float,
    branches: int,
    turnover: float,
) -> float:
    """Worth of keeping a block; the block with the least worth is dropped. Times are in seconds.

    age       since a request last asked for it
    uses      requests that asked for it so far
    gap       mean time between its uses; 0 if used once
    resident  since it came into the cache
    position  blocks before it in its prompt
    behind    blocks after it in the last prompt that had it
    fill      share of the block that is filled: 1.0, or less at the end of a prompt
    branches  different blocks seen right after it
    turnover  time in which as many blocks come in as the cache can hold; never 0
    """
    return uses - FADE * age / turnover


# EVOLVE-BLOCK-END


class Policy:
    """Keeps the books on blocks and drops the ends of prompts that `worth` values least."""

    def __init__(self, task):
        """Take the task: {"capacity": blocks that the cache can hold}."""
        self.capacity = task["capacity"]
        self.blocks = {}  # every block ever asked for; what is known of one outlives its stay in the cache
        self.ends = {}  # the blocks in the cache with nothing behind them, by id
        self.stored = 0  # blocks that entered the cache so far
        self.now = 0.0

    def evict(self, served, need):
        """Return the ids of at least `need` different blocks to drop, e.g. [17, 16, 42].

        `served` lists the requests since the last call, the latest last, each a dict of time_s (since the start), tokens
        (length of the prompt), blocks (ids of its blocks of 512 tokens in order) and hits (how many of the first ones were
        in the cache). All blocks that were asked for and not dropped are in the cache now, those of `served` included.
        A block is of use only while all blocks before it in its prompt are in the cache: drop from the end.
        """
        for request in served:
            self.remember(request)
        turnover = max(0.001, self.capacity * self.now / self.stored)
        queue = [(self.value(block, turnover), -block.position, block.id, block) for block in self.ends.values()]
        heapq.heapify(queue)
        dropped = []
        while len(dropped) < need:
            block = heapq.heappop(queue)[-1]
            dropped.append(block.id)
            block.cached = False
            del self.ends[block.id]
            before = block.before
            if before:
                before.behind_cached -= 1
                if not before.behind_cached:
                    self.ends[before.id] = before
                    heapq.heappush(queue, (self.value(before, turnover), -before.position, before.id, before))
        return dropped

    def remember(self, request):
        """Write down who was asked for."""
        self.now = now = request["time_s"]
        ids = request["blocks"]
        before = None
        for position, id in enumerate(ids):
            block = self.blocks.get(id)
            if block is None:
                block = self.blocks[id] = Block(id, before, position, now)
                if before:
                    before.branches += 1
            if not block.cached:
                block.cached = True
                block.entered = now
                block.behind_cached = 0
                self.ends[id] = block
                self.stored += 1
                if before:
                    before.behind_cached += 1
                    self.ends.pop(before.id, None)
            block.uses += 1
            block.last = now
            block.behind = len(ids) - 1 - position
            block.fill = 1.0
            before = block
        block.fill = (request["tokens"] - 512 * (len(ids) - 1)) / 512

    def value(self, block, turnover):
        """Ask `worth` about one block."""
        now = self.now
        return worth(
            now - block.last,
            block.uses,
            (block.last - block.first) / (block.uses - 1) if block.uses > 1 else 0.0,
            now - block.entered,
            block.position,
            block.behind,
            block.fill,
            block.branches,
            turnover,
        )


class Block:
    """What is known of one block."""

    def __init__(self, id, before, position, now):
        self.id = id
        self.before = before  # the block before it in its prompt, or None
        self.position = position
        self.first = self.last = self.entered = now
        self.uses = self.behind = self.branches = self.behind_cached = 0
        self.fill = 1.0
        self.cached = False
