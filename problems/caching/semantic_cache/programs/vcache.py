"""vCache: every entry learns by itself how similar a query must be, and explores at random until it is sure enough.

L. G. Schroeder et al., "vCache: Verified Semantic Prompt Caching" (2025), arXiv 2502.03771, as VerifiedDecisionPolicy of its
repository: logistic regression of right on similarity for each entry, variance of its threshold by the delta method or by a
table where right and wrong ones are separated, chance to explore by the smallest of fifty confidence bounds, and new entries
only where the nearest was wrong. The share of errors that it allows was chosen on train among 0.02, 0.05, 0.1 and half of
1 / false_cost; the least recently used entry is dropped.
"""

import math
import random
from statistics import NormalDist

SHARED = False
"""Whether one model decides about all entries."""


def logistic(x):
    """Sigmoid function."""
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def fit(observations, intercept, slope):
    """Logistic regression without penalty: intercept, slope and information matrix, by damped Newton steps."""
    a = b = c = 0.0
    for _ in range(12):
        g0 = g1 = a = b = c = 0.0
        for s, y in observations:
            p = logistic(intercept + slope * s)
            w = max(p * (1 - p), 1e-9)
            g0, g1 = g0 + y - p, g1 + (y - p) * s
            a, b, c = a + w, b + w * s, c + w * s * s
        det = a * c - b * b
        if det < 1e-14:
            break
        d0, d1 = (c * g0 - b * g1) / det, (a * g1 - b * g0) / det
        shrink = min(1.0, 10 / max(abs(d0), abs(d1), 1e-9))
        intercept, slope = intercept + shrink * d0, slope + shrink * d1
        if abs(d0) + abs(d1) < 1e-4 or slope > 200:
            break
    return intercept, slope, (a, b, c)


class Model:
    """What one entry, or all, know about similarity and being right."""

    FEWEST = 6
    GRID = tuple(1e-6 + k * (1 - 2e-6) / 49 for k in range(50))
    QUANTILES = tuple(NormalDist().inv_cdf(1 - (1e-6 + k * (1 - 2e-6) / 49)) for k in range(50))
    # Variance of the threshold for 6, 7, ... observations that a threshold separates.
    SEPARATED = (
        0.035445, 0.028285, 0.026436, 0.021349, 0.019371, 0.012615, 0.011433, 0.010228, 0.009963, 0.009253, 0.011674,
        0.013015, 0.010897, 0.011841, 0.013081, 0.010585, 0.014255, 0.012058, 0.013002, 0.011715, 0.00839, 0.008839,
        0.010628, 0.009899, 0.008033, 0.00457, 0.007335, 0.008932, 0.00729, 0.007445, 0.00761, 0.011423, 0.011233,
        0.006783, 0.005233, 0.00872, 0.010005, 0.01199, 0.00977, 0.01891, 0.01513, 0.02109, 0.01531,
    )  # fmt: skip

    def __init__(self):
        self.observations = [(0.0, 0), (1.0, 1)]
        self.intercept, self.slope = -3.0, 6.0
        self.fitted = None

    def add(self, similarity, right):
        """Take an observation."""
        self.observations.append((similarity, int(right)))
        self.fitted = None

    def explores(self, similarity, delta, rng):
        """Whether the model should be asked although an answer is near."""
        if len(self.observations) < self.FEWEST:
            return True
        if self.fitted is None:
            self.fitted = self.threshold()
        middle, slope, deviation = self.fitted
        least = 1.0
        for epsilon, quantile in zip(self.GRID, self.QUANTILES, strict=True):
            bound = min(1.0, max(0.0, middle + quantile * deviation))
            alpha = (1 - epsilon) * logistic(slope * (similarity - bound))
            least = min(least, 1 - delta / max(1 - alpha, 1e-12))
        return rng.random() <= least

    def threshold(self):
        """Threshold, slope and standard deviation of the threshold."""
        self.intercept, self.slope, (a, b, c) = fit(self.observations, self.intercept, self.slope)
        slope = max(self.slope, 1e-6)
        middle = min(1.0, max(0.0, -self.intercept / slope))
        n = len(self.observations)
        if min(s for s, y in self.observations if y) > max(s for s, y in self.observations if not y):
            variance = self.SEPARATED[min(n, self.FEWEST + len(self.SEPARATED) - 1) - self.FEWEST]
        else:
            det = max(a * c - b * b, 1e-12)
            u, v = -1 / slope, self.intercept / slope**2
            variance = max(0.0, (u * u * c - 2 * u * v * b + v * v * a) / det)
        return middle, slope, math.sqrt(variance)


class Policy:
    """Explores or reuses the nearest entry, by the model of that entry."""

    def __init__(self, task):
        """Take the task."""
        self.capacity = task["capacity"]
        self.delta = 0.05
        self.rng = random.Random(0)
        self.entries = {}  # by slot: [answer, model], the least recently used first
        self.shared = Model()

    def model(self, slot):
        """Model that decides about an entry; a shared one keeps the latest 200 observations."""
        if SHARED:
            if len(self.shared.observations) > 250:
                del self.shared.observations[2:-200]
            return self.shared
        return self.entries[slot][1]

    def lookup(self, step, queries):
        """Return a slot or -1 for each query."""
        self.near = [query["near"][0] if query["near"] else None for query in queries]
        slots = []
        for near in self.near:
            slot = -1 if near is None or self.model(near[0]).explores(near[1], self.delta, self.rng) else near[0]
            if slot >= 0:
                self.entries[slot] = self.entries.pop(slot)
            slots.append(slot)
        return slots

    def learn(self, step, answers):
        """Return a slot for each answer that its nearest entry did not have."""
        fresh = []
        for number, answer in answers:
            near = self.near[number]
            right = near is not None and self.entries[near[0]][0] == answer
            if near is not None:
                self.model(near[0]).add(near[1], right)
            fresh.append(not right)
        slots = []
        for (_, answer), new in zip(answers, fresh, strict=True):
            if not new or sum(slot >= 0 for slot in slots) == self.capacity:
                slots.append(-1)
                continue
            slot = len(self.entries) if len(self.entries) < self.capacity else next(iter(self.entries))
            self.entries.pop(slot, None)
            self.entries[slot] = [answer, Model()]
            slots.append(slot)
        return slots
