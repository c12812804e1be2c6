"""Least-Stale with prefetching: what the next layer's router would choose now is loaded ahead (SpecMD)."""


class Policy:
    """One cache for all layers, with two queues: experts that this token has not used, and those that it has."""

    def ahead(self, news):
        """As many of the next layer's likeliest experts as it uses."""
        return news["hint"][0][: self.top_k] if news["hint"] else []

    # The rest is from least_stale.py: Policy.__init__, Policy.step.
