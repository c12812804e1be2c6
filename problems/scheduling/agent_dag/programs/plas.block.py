"""Least attained service: the call starts first whose workflow has been served least so far.

PLAS of Luo et al., "Autellix: An Efficient Serving Engine for LLM Agents as General Programs", arXiv 2502.13965 (2025), with its
levels; calls are not interrupted here, and there is no cache of prompts that would keep a workflow on one replica.
"""


class Policy:
    """One queue for all replicas, in levels that begin at 1, 2, 4, ... seconds of service; first come, first served within."""

    def value(self, now, call):
        """Level of the workflow."""
        level, served = 0, self.flows[self.calls[call][0]][2]
        while served >= 2**level:
            level += 1
        return level

    # The rest is from edf.py: Policy.__init__, Policy.step, Policy.listen, Policy.learn, Policy.tokens, Policy.usual, Policy.end.
