"""Thresholds, times to live and quotas by category.

C. Wang et al., "Category-Aware Semantic Caching for Heterogeneous LLM Workloads" (2025), arXiv 2510.26835: dense categories get a
higher threshold than sparse ones, volatile ones a shorter life, and those that repeat more of the room. Its tables are set by
hand from an analysis of the traffic. Here categories have no names, and the analysis is of the answers that could be checked
because the model was asked; it is repeated at every step.
"""

BINS = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
"""Thresholds to choose from; the first needs no evidence."""

FEWEST = 10
"""Checked answers that a threshold needs as evidence."""


class Category:
    """What was seen of one category."""

    def __init__(self):
        self.right, self.all = [0] * len(BINS), [0] * len(BINS)
        self.held, self.changes, self.repeats = 60.0, 1, 1.0

    def threshold(self, false_cost):
        """Lowest similarity down to which right answers outweigh wrong ones."""
        chosen = BINS[0]
        for edge, right, all_ in zip(BINS, self.right, self.all, strict=True):
            if all_ >= FEWEST and right * false_cost < (false_cost - 1) * (all_ + 1):
                break
            if all_ >= FEWEST or edge == BINS[0]:
                chosen = edge
        return chosen

    def limit(self):
        """Steps after which an answer has expired: half of the time for which answers last."""
        return 0.5 * self.held / self.changes


class Policy:
    """Reuses by category; who has more than its quota gives up its least recently used entry."""

    def __init__(self, task):
        """Take the task."""
        self.capacity, self.false_cost = task["capacity"], task["false_cost"]
        self.categories = [Category() for _ in range(task["categories"])]
        self.entries = {}  # by slot: [answer, category, step when stored], the least recently used first

    def lookup(self, step, queries):
        """Return a slot or -1 for each query."""
        self.queries = queries
        return [self.choose(step, query["category"], query["near"]) for query in queries]

    def choose(self, step, category, near):
        """Slot of the nearest entry if it is near enough and has not expired, or -1."""
        known = self.categories[category]
        threshold, limit = known.threshold(self.false_cost), known.limit()
        for slot, similarity in near:
            if similarity < threshold:
                break
            if step - self.entries[slot][2] <= limit:
                self.entries[slot] = self.entries.pop(slot)
                known.repeats += 1
                return slot
        return -1

    def learn(self, step, answers):
        """Return a slot for each answer; answers beyond the capacity are not stored."""
        for number, answer in answers:
            self.check(step, self.queries[number], answer)
        slots, taken = [], set()
        for number, answer in answers:
            slot = self.place(self.queries[number]["category"], taken)
            if slot >= 0:
                self.entries.pop(slot, None)
                self.entries[slot] = [answer, self.queries[number]["category"], step]
                taken.add(slot)
            slots.append(slot)
        return slots

    def place(self, category, taken):
        """Free slot, or the least recently used one of the category that exceeds its quota most."""
        if len(self.entries) < self.capacity:
            return len(self.entries)
        room = self.capacity / sum(known.repeats for known in self.categories)
        used = [0] * len(self.categories)
        used[category] = 1
        for _, own, _ in self.entries.values():
            used[own] += 1
        over = [count - room * known.repeats for count, known in zip(used, self.categories, strict=True)]
        free = [slot for slot in self.entries if slot not in taken]
        return max(free, key=lambda slot: over[self.entries[slot][1]], default=-1)

    def check(self, step, query, answer):
        """Compare the right answer of a query with that of the nearest entry."""
        known = self.categories[query["category"]]
        for slot, similarity in query["near"][:1]:
            entry = self.entries[slot]
            right = entry[0] == answer
            if right:
                known.repeats += 1
            for number, edge in enumerate(BINS):
                if similarity >= edge and step - entry[2] <= known.limit():
                    known.right[number] += right
                    known.all[number] += 1
                    break
            if similarity > 0.95:
                known.held += step - entry[2]
                known.changes += not right
