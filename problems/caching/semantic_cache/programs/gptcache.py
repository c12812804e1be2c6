"""The nearest answer if its similarity is at least 0.8, and the least recently used is dropped: GPTCache with its own settings.

F. Bang, "GPTCache: An Open-Source Semantic Cache for LLM Applications Enabling Faster Answers and Cost Savings", NLP-OSS 2023:
threshold 0.8 (its Config), top 1, LRU.
"""

THRESHOLD = 0.8
LIMIT = None


class Policy:
    """Keeps the order of use."""

    def __init__(self, task):
        """Take the task."""
        self.capacity = task["capacity"]
        self.born = {}  # step in which a slot was filled, the least recently used first

    def lookup(self, step, queries):
        """Return a slot or -1 for each query."""
        return [self.choose(step, query["near"]) for query in queries]

    def choose(self, step, near):
        """Slot of the nearest entry if it is near enough and has not expired, or -1."""
        for slot, similarity in near:
            if similarity < THRESHOLD:
                break
            if LIMIT is None or step - self.born[slot] <= LIMIT:
                self.born[slot] = self.born.pop(slot)
                return slot
        return -1

    def learn(self, step, answers):
        """Return a slot for each answer; answers beyond the capacity are not stored."""
        slots = []
        for _ in answers:
            if len(slots) >= self.capacity:
                slots.append(-1)
                continue
            slot = len(self.born) if len(self.born) < self.capacity else next(iter(self.born))
            self.born.pop(slot, None)
            self.born[slot] = step
            slots.append(slot)
        return slots
