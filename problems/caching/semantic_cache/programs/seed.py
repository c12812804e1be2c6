"""A semantic cache: which stored answer to reuse for a query, if any, and which to drop for a new one.

The part between the markers judges one stored answer; the class below it keeps the books and compares.
"""

import math


# EVOLVE-BLOCK-START
def trust(
    similarity: float,
    rival: float,
    support: int,
    age: int,
    life: float,
    near_right: float,
    right: int,
    wrong: int,
) -> float:
    """Chance that a stored answer is right for a query; it is reused if right answers outweigh wrong ones at that chance.

    similarity  of the query to the one that the answer is stored with: cosine, 1.0 for the same text
    rival       greatest similarity to a stored query with another answer, among the nearest; 0.0 if there is none
    support     of the nearest stored queries, how many have this answer, this one included
    age         steps since the answer was given, or found to be right again
    life        steps for which answers of its category last, by what was seen so far; 60.0 at first
    near_right  share of right ones among answers of the category that could be checked at about this similarity; 0.5 at first
    right       times that this entry was checked and had the right answer
    wrong       times that it was checked at a similarity above 0.7 and had a wrong one
    """
    return 1.0 if similarity > 0.99 else 0.0


def worth(idle: int, age: int, life: float, uses: int, right: int, wrong: int, crowd: float) -> float:
    """Worth of keeping a stored answer; the one with the least is dropped for a new one.

    idle   steps since it was reused, or stored if it never was
    age    steps since the answer was given, or found to be right again
    life   steps for which answers of its category last, by what was seen so far; 60.0 at first
    uses   times that it was reused
    right  times that it was checked and was the right answer
    wrong  times that it was checked at a similarity above 0.7 and was a wrong one
    crowd  similarity to the nearest stored query when it came; 0.0 for the first
    """
    return -idle


# EVOLVE-BLOCK-END


class Policy:
    """Keeps books on what is stored, reuses what `trust` believes in, and drops what `worth` values least."""

    def __init__(self, task):
        """Take the task, a dict: capacity, categories, steps, false_cost (of a wrong answer, in calls), nearest."""
        self.capacity, self.false_cost = task["capacity"], task["false_cost"]
        self.entries = {}  # by slot
        self.checked = {}  # by category and similarity in twentieths: [right ones, all]
        self.ages = {}  # by category: [steps for which answers to nearly the same text were seen to hold, changes]

    def lookup(self, step, queries):
        """Return for each query of a step the slot whose answer to reuse, or -1 to have the model asked.

        Each query is a dict of `category` and `near`: the most similar entries, [slot, similarity] each, best first.
        A slot has to be one of these. All queries of a step come at once, so none sees the answers to the others.
        """
        self.queries = queries
        chosen = [self.choose(step, query) for query in queries]
        for slot in chosen:
            if slot >= 0:
                self.entries[slot].uses += 1
                self.entries[slot].used = step
        return chosen

    def learn(self, step, answers):
        """Return for each answer of the model the slot in which to store it, or -1; called after lookup() if there are any.

        `answers` are [number of the query in the step, its right answer]. Answers are numbers, equal if they say the same.
        Slots count from 0 to capacity - 1; what a slot held before is dropped. No slot may be named twice in one call.
        """
        for number, answer in answers:
            self.check(step, self.queries[number], answer)
        taken, slots = set(), []
        for number, answer in answers:
            near = [entry for entry in self.queries[number]["near"] if entry[0] not in taken]
            if near and near[0][1] > 0.98:
                slot = near[0][0]  # the same text: its answer is replaced
            elif len(self.entries) < self.capacity:
                slot = len(self.entries)
            else:
                free = [slot for slot in self.entries if slot not in taken]
                slot = min(free, key=lambda s: self.value(step, self.entries[s]), default=-1)
            if slot >= 0:
                crowd = self.queries[number]["near"][0][1] if self.queries[number]["near"] else 0.0
                self.entries[slot] = Entry(answer, self.queries[number]["category"], step, crowd)
                taken.add(slot)
            slots.append(slot)
        return slots

    def choose(self, step, query):
        """Slot with the answer that is most to be trusted, or -1."""
        near = [(slot, similarity, self.entries[slot]) for slot, similarity in query["near"]]
        best, chosen = 1 - 1 / self.false_cost, -1
        seen = set()
        for slot, similarity, entry in near:
            if entry.answer in seen:
                continue
            seen.add(entry.answer)
            right, checked = self.checked.get((entry.category, round(20 * similarity)), (0, 0))
            chance = trust(
                similarity,
                max((s for _, s, other in near if other.answer != entry.answer), default=0.0),
                sum(other.answer == entry.answer for _, _, other in near),
                step - entry.born,
                self.life(entry.category),
                (right + 1) / (checked + 2),
                entry.right,
                entry.wrong,
            )
            if chance > best:
                best, chosen = chance, slot
        return chosen

    def check(self, step, query, answer):
        """Compare the right answer of a query with those of the nearest entries."""
        for slot, similarity in query["near"]:
            entry = self.entries[slot]
            same = entry.answer == answer
            counts = self.checked.setdefault((entry.category, round(20 * similarity)), [0, 0])
            counts[0] += same
            counts[1] += 1
            if similarity > 0.95:
                ages = self.ages.setdefault(entry.category, [0, 0])
                ages[0] += step - entry.born if same else (step - entry.born) / 2
                ages[1] += not same
            if same:
                entry.right += 1
                entry.born = step
            elif similarity > 0.7:
                entry.wrong += 1

    def life(self, category):
        """Steps for which answers of a category last, by what was seen."""
        held, changes = self.ages.get(category, (0, 0))
        return (held + 60.0) / (changes + 1)

    def value(self, step, entry):
        """Ask `worth` about one entry; what is no number counts as nothing."""
        value = worth(
            step - entry.used,
            step - entry.born,
            self.life(entry.category),
            entry.uses,
            entry.right,
            entry.wrong,
            entry.crowd,
        )
        return -math.inf if math.isnan(value) else value


class Entry:
    """What is known of one stored answer."""

    def __init__(self, answer, category, step, crowd):
        self.answer, self.category, self.crowd = answer, category, crowd
        self.born = self.used = step
        self.uses = self.right = self.wrong = 0
