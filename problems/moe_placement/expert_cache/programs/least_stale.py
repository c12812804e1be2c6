"""Least-Stale (SpecMD): what was not used in this pass over the layers goes first, in the order of arrival."""


class Policy:
    """One cache for all layers, with two queues: experts that this token has not used, and those that it has."""

    def __init__(self, info):
        """Take the model and the machine."""
        self.top_k = info["top_k"]
        self.entered = dict.fromkeys(info["resident"], 0)  # time of arrival of all experts in memory or on their way
        self.used, self.clock = {}, 0  # the last token that used an expert

    def step(self, news):
        """Name a victim for each expert that is missing, then for each that is loaded ahead."""
        for expert in news["dropped"]:
            self.entered.pop(expert, None)
        for expert in news["loaded"]:
            self.clock += 1
            self.entered[expert] = self.clock
        token, need = news["token"], news["need"]
        for expert in need:
            self.used[expert] = token
        missing = [e for e in need if e not in self.entered]
        likely = self.ahead(news)
        ahead = [e for e in likely if e not in self.entered]
        kept = {*need, *likely, news["loading"]}
        order = sorted(self.entered.keys() - kept, key=lambda e: (self.used.get(e, -1) == token, self.entered[e], e))
        if len(order) < len(missing):  # room for hardly more than one layer
            order += [e for e in likely if e in self.entered and e != news["loading"]]
        count = min(len(order), len(missing) + len(ahead))
        return {"drop": order[:count], "prefetch": ahead[: max(0, count - len(missing))]}

    def ahead(self, news):
        """Experts to load ahead, the likeliest first."""
        return []
