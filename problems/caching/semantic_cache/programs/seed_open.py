"""The whole program may change: the nearest answer above a threshold, for a limited time; the least lately used is dropped."""


# EVOLVE-BLOCK-START
class Policy:
    """Reuses the nearest answer if it is near and young enough."""

    def __init__(self, task):
        """Take the task, a dict: capacity, categories, steps, false_cost (of a wrong answer, in calls), nearest."""
        self.capacity = task["capacity"]
        self.threshold = 0.75 if task["false_cost"] < 3 else 0.85
        self.limit = 40  # steps
        self.entries = {}  # by slot: [answer, category, step when stored, time of last use]
        self.clock = 0

    def lookup(self, step, queries):
        """Return for each query of a step the slot whose answer to reuse, or -1 to have the model asked.

        Each query is a dict of `category` and `near`: the most similar entries, [slot, similarity] each, best first.
        A slot has to be one of these. All queries of a step come at once, so none sees the answers to the others.
        """
        self.queries = queries
        return [self.choose(step, query) for query in queries]

    def choose(self, step, query):
        """Slot of the nearest entry that is near and young enough, or -1."""
        self.clock += 1
        for slot, similarity in query["near"]:
            if similarity < self.threshold:
                break
            if step - self.entries[slot][2] <= self.limit:
                self.entries[slot][3] = self.clock
                return slot
        return -1

    def learn(self, step, answers):
        """Return for each answer of the model the slot in which to store it, or -1; called after lookup() if there are any.

        `answers` are [number of the query in the step, its right answer]. Answers are numbers, equal if they say the same.
        Slots count from 0 to capacity - 1; what a slot held before is dropped. No slot may be named twice in one call.
        """
        slots = []
        for number, answer in answers:
            self.clock += 1
            if len(self.entries) < self.capacity:
                slot = len(self.entries)
            else:
                free = [slot for slot in self.entries if slot not in slots]
                slot = min(free, key=lambda s: self.entries[s][3], default=-1)
            if slot >= 0:
                self.entries[slot] = [answer, self.queries[number]["category"], step, self.clock]
            slots.append(slot)
        return slots


# EVOLVE-BLOCK-END
