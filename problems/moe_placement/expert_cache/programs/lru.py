"""Each layer has its share of the memory and drops its least recently used expert; nothing is prefetched."""


class Policy:
    """A cache for each layer; experts are loaded when they are missing."""

    def __init__(self, info):
        """Take the model and the machine."""
        self.layers, self.experts, self.top_k = info["layers"], info["experts"], info["top_k"]
        self.quota = info["slots"] // self.layers
        self.held = [set() for _ in range(self.layers)]  # experts in memory or on their way, by layer
        for expert in info["resident"]:
            self.held[expert // self.experts].add(expert)
        self.last, self.uses, self.clock = {}, {}, 0

    def step(self, news):
        """Name a victim for each expert that is missing, then for each that is loaded ahead."""
        self.note(news)
        layer = news["layer"]
        missing = [e for e in news["need"] if e not in self.held[layer]]
        wanted = self.ahead(news)
        drop = self.victims(news, [layer] * len(missing), {*news["need"]})
        ahead = [e for e in wanted if e not in self.held[e // self.experts]]
        more = self.victims(news, [e // self.experts for e in ahead], {*news["need"], *wanted, *drop})
        return {"drop": drop + more, "prefetch": ahead[: len(more)]}

    def ahead(self, news):
        """Experts to load ahead, the likeliest first."""
        return []

    def note(self, news):
        """Write down what was loaded and dropped since the last call, and what is used now."""
        for expert in news["dropped"]:
            self.held[expert // self.experts].discard(expert)
        for expert in news["loaded"]:
            self.held[expert // self.experts].add(expert)
        self.clock += 1
        for expert in news["need"]:
            self.last[expert] = self.clock
            self.uses[expert] = self.uses.get(expert, 0) + 1

    def victims(self, news, layers, kept):
        """Choose an expert to drop for each load, given its layer: one of that layer, unless it has less than its share."""
        spare = [sorted(held - kept - {news["loading"]}, key=self.worth, reverse=True) for held in self.held]
        size = [len(held) for held in self.held]
        found = []
        for layer in layers:
            at = layer
            if size[at] < self.quota or not spare[at]:
                at = max(
                    (other for other in range(self.layers) if spare[other]), key=lambda other: (size[other], -other), default=-1
                )
            if at < 0:
                break
            found.append(spare[at].pop())
            size[at] -= 1
            size[layer] += 1
        return found

    def worth(self, expert):
        """Order in which the experts of a layer are dropped, the least first."""
        return self.last.get(expert, 0), expert
