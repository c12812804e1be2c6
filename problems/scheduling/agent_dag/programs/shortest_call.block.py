"""Shortest call first: work is balanced over the replicas, and in each queue the step that usually takes least comes first.

The comparison of arXiv 2505.05286 (2025) in its simulator (`engine_sjf.py`); the rule: W. E. Smith, "Various optimizers for
single-stage production", Naval Research Logistics Quarterly 3 (1956) 59-66.
"""


class Policy:
    """Queues and balance as HexGen-Text2SQL."""

    def value(self, now, call, k):
        """What the call usually takes."""
        step, prompt = self.calls[call][:2]
        return self.time(k, step, prompt)

    # The rest is from hexgen.py: Policy.__init__, Policy.step, Policy.time, Policy.mean, Policy.listen, Policy.place, known, alone.
