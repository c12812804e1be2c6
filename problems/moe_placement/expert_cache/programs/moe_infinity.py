"""MoE-Infinity: the requests so far whose use of experts resembles this one's tell what to prefetch and what to keep."""

import math

EPSILON = 1e-4
KEPT = 100  # matrices of earlier requests


class Policy:
    """Counts the activations of the current request, and compares them with those of earlier ones (Xue et al. 2024)."""

    def __init__(self, info):
        """Take the model and the machine; the counts of other requests are the first matrix to compare with."""
        self.layers, self.experts = info["layers"], info["experts"]
        self.held = set(info["resident"])
        self.earlier = [scaled(info["usage"])]
        self.counts = [[0] * self.experts for _ in range(self.layers)]

    def step(self, news):
        """Drop what the current request uses least, in late layers first; prefetch what a similar one used, near layers first."""
        self.held.difference_update(news["dropped"])
        self.held.update(news["loaded"])
        if news["new_request"] and news["layer"] == 0 and any(map(any, self.counts)):
            self.earlier = [*self.earlier[-KEPT:], scaled(self.counts)]
            self.counts = [[0] * self.experts for _ in range(self.layers)]
        layer, need = news["layer"], news["need"]
        for expert in need:
            self.counts[layer][expert % self.experts] += 1
        missing = [e for e in need if e not in self.held]
        ahead = [e for e in self.likely(layer) if e not in self.held]
        order = self.order(self.held - {*need, news["loading"]})
        ahead = ahead[: max(0, len(order) - len(missing))]
        return {"drop": order[: len(missing) + len(ahead)], "prefetch": ahead}

    def likely(self, layer):
        """Experts of later layers that the most similar request used, by ratio and nearness."""
        now = scaled(self.counts)
        past = max(self.earlier, key=lambda matrix: similarity(matrix, now))
        found = []
        for later in range(layer + 1, self.layers):
            nearness = 1 - (later - layer) / self.layers
            found += [((r + EPSILON) * nearness, later * self.experts + e) for e, r in enumerate(past[later]) if r]
        return [expert for _, expert in sorted(found, key=lambda pair: (-pair[0], pair[1]))]

    def order(self, held):
        """Experts in the order in which they are dropped: those with a low ratio first, early layers last."""
        now = scaled(self.counts)

        def worth(expert):
            layer, number = divmod(expert, self.experts)
            return (now[layer][number] + EPSILON) * (1 - layer / self.layers), expert

        return sorted(held, key=worth)


def scaled(counts):
    """Return counts of each layer as shares."""
    return [[c / total for c in row] if (total := sum(row)) else [0.0] * len(row) for row in counts]


def similarity(one, other):
    """Return the cosine of two matrices."""
    both = sum(a * b for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True))
    return both / math.sqrt(sum(a * a for x in one for a in x) * sum(b * b for y in other for b in y) or 1.0)
