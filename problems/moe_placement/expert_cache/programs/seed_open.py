"""Which experts to drop and to prefetch: the whole program may change. Frequency decides, and the next layer's hint."""


# EVOLVE-BLOCK-START
class Policy:
    """Keeps its own books; see the statement for what it is told and what it answers."""

    def __init__(self, info):
        """Take the model and the machine: a dict as in the statement."""
        self.layers, self.experts, self.top_k = info["layers"], info["experts"], info["top_k"]
        self.held = set(info["resident"])  # in memory or on the way
        self.recent = [self.top_k * count / max(1, sum(row)) for row in info["usage"] for count in row]

    def step(self, news):
        """Return {"drop": [...], "prefetch": [...]}: ids to load ahead, and one to drop for each load."""
        layer, need = news["layer"], news["need"]
        self.held.difference_update(news["dropped"])
        self.held.update(news["loaded"])
        first = layer * self.experts
        for e in range(first, first + self.experts):
            self.recent[e] *= 0.95
        for e in need:
            self.recent[e] += 0.05
        likely = news["hint"][0][: self.top_k] if news["hint"] else []
        missing = [e for e in need if e not in self.held]
        prefetch = [e for e in likely if e not in self.held]
        # What is needed now may be dropped no sooner than at the next call; what was hinted goes last.
        spare = sorted(self.held - {*need, news["loading"]}, key=lambda e: (e in likely, self.recent[e]))
        count = min(len(missing) + len(prefetch), len(spare))
        return {"drop": spare[:count], "prefetch": prefetch[: count - len(missing)]}


# EVOLVE-BLOCK-END
