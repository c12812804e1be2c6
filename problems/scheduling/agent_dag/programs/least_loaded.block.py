"""Least loaded: a call goes to the replica where the least work waits and runs; first come, first served there.

Join the shortest queue, of work: Winston, "Optimality of the shortest line discipline", Journal of Applied Probability 14 (1977).
"""


class Policy:
    """A queue in front of each replica; the work of a call is its prompt, and a usual answer that shares the replica."""

    def listen(self, now, news):
        """Take away the work of what has ended."""
        if not hasattr(self, "work"):
            self.work, self.where = [0.0] * len(self.machines), {}
        for call, _ in news["ended"]:
            k, seconds = self.where.pop(call)
            self.work[k] -= seconds

    def place(self, now, call, replicas):
        """The replica that would be done first; an answer counts as 100 tokens."""
        added = [call[3] * m["token_s"] + 100 * (m["weights_s"] + m["overhead_s"]) / m["slots"] for m in self.machines]
        k = min(range(len(added)), key=lambda k: self.work[k] + added[k])
        self.work[k] += added[k]
        self.where[call[0]] = k, added[k]
        return k

    # The rest is from round_robin.py: Policy.__init__, Policy.step, Policy.value.
