"""Least remaining work: the call starts first after which its workflow is likely to be done soonest.

Priority by remaining latency as in Chen et al., "Kairos: Low-latency Multi-Agent Serving with Shared LLMs and Excessive Loads in
the Public Cloud", arXiv 2508.06948 (2025); the rule: Schrage, Operations Research 16 (1968) 687-690.
"""


class Policy:
    """One queue for all replicas; what comes after a step is learnt from workflows of the same application."""

    def learn(self, app, due, served, steps):
        """Add up backwards what came after each step."""
        if not hasattr(self, "after"):
            self.after = {}
        rest = 0.0
        for step, seconds in reversed(steps):
            known = self.after.setdefault((app, step), [0, 0.0])
            known[0] += 1
            known[1] += rest
            rest += seconds

    def value(self, now, call):
        """Seconds of the call, and of what usually comes after it; 10 before anything is known."""
        number, step, prompt = self.calls[call]
        count, total = getattr(self, "after", {}).get((self.flows[number][0], step), (0, 0.0))
        return self.usual(prompt, self.tokens(step)) + (total + 10) / (count + 1)

    # The rest is from edf.py: Policy.__init__, Policy.step, Policy.listen, Policy.tokens, Policy.usual, Policy.end.
