"""HOBBIT without its low precision: recency, frequency and nearness say what stays, and hints are followed until one is missing."""

RECENCY, FREQUENCY, NEARNESS = 0.1, 0.8, 0.1  # chosen on train


class Policy:
    """One cache for all layers with a priority of several dimensions, and prefetching that looks ahead as far as it has to."""

    def __init__(self, info):
        """Take the model and the machine."""
        self.layers, self.experts, self.top_k = info["layers"], info["experts"], info["top_k"]
        self.held = set(info["resident"])
        self.last, self.uses, self.start = {}, {}, 0

    def step(self, news):
        """Drop the experts of the least priority; prefetch for the nearest layer in which a likely expert is missing."""
        self.held.difference_update(news["dropped"])
        self.held.update(news["loaded"])
        token = news["token"] + 1
        if news["new_request"] and news["layer"] == 0:  # the records are those of a request
            self.last, self.uses, self.start = {}, {}, token - 1
        layer, need = news["layer"], news["need"]
        for expert in need:
            self.last[expert] = token
            self.uses[expert] = self.uses.get(expert, 0) + 1
        missing = [e for e in need if e not in self.held]
        ahead, likely = [], set()
        for row in news["hint"]:
            row = row[: self.top_k]
            likely.update(row)
            ahead = [e for e in row if e not in self.held]
            if ahead:
                break
        length = token - self.start

        def priority(e):
            distance = (e // self.experts - layer - 1) % self.layers
            recency = max(0, self.last.get(e, 0) - self.start) / length
            frequency = self.uses.get(e, 0) / length
            return e in likely, RECENCY * recency + FREQUENCY * frequency + NEARNESS * (1 - distance / self.layers), e

        order = sorted(self.held - {*need, news["loading"]}, key=priority)
        count = min(len(order), len(missing) + len(ahead))
        return {"drop": order[:count], "prefetch": ahead[: count - len(missing)]}
