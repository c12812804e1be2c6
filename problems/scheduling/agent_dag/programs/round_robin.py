"""Round robin: calls go to the replicas in turn, and start there first come, first served.

As vLLM is run on several machines: Kwon et al., "Efficient Memory Management for Large Language Model Serving with
PagedAttention", SOSP 2023.
"""


class Policy:
    """A queue in front of each replica."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.machines = task["replicas"]
        self.queues = [[] for _ in self.machines]
        self.turn = -1

    def step(self, now, news, replicas):
        """Send new calls to queues, then start from each what has room."""
        self.listen(now, news)
        for call in news["ready"]:
            self.queues[self.place(now, call, replicas)].append(call[0])
        starts = []
        for k, queue in enumerate(self.queues):
            for _ in range(min(len(queue), self.machines[k]["slots"] - len(replicas[k]["running"]))):
                first = min(queue, key=lambda call: (self.value(now, call, k), call))
                queue.remove(first)
                starts.append([k, first])
        return starts

    def listen(self, now, news):
        """Nothing is kept."""

    def place(self, now, call, replicas):
        """The next replica."""
        self.turn = (self.turn + 1) % len(self.machines)
        return self.turn

    def value(self, now, call, k):
        """First come, first served."""
        return 0
