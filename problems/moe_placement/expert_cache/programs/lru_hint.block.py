"""A cache for each layer with LRU, and speculative loading: what the next layer's router would choose now is loaded ahead."""


class Policy:
    """A cache for each layer, and one layer of loading ahead (Eliseev, Mazur 2023)."""

    def ahead(self, news):
        """As many of the next layer's likeliest experts as it uses."""
        return news["hint"][0][: self.top_k] if news["hint"] else []

    # The rest is from lru.py: Policy.__init__, Policy.step, Policy.note, Policy.victims, Policy.worth.
