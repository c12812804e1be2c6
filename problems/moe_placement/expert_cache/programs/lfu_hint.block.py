"""A cache for each layer with LFU, and what the next layer's router would choose now is loaded ahead."""


class Policy:
    """A cache for each layer, and one layer of loading ahead."""

    def ahead(self, news):
        """As many of the next layer's likeliest experts as it uses."""
        return news["hint"][0][: self.top_k] if news["hint"] else []

    def worth(self, expert):
        """Uses so far; of equal ones the less recent goes first."""
        return self.uses.get(expert, 0), self.last.get(expert, 0), expert

    # The rest is from lru.py: Policy.__init__, Policy.step, Policy.note, Policy.victims.
