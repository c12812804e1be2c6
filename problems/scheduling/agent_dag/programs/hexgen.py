"""HexGen-Text2SQL: balance work over unlike replicas, and start the most urgent call of each queue first.

Peng, Jiang, Wang, Yuan, "HexGen-Text2SQL: Optimizing LLM Inference Request Scheduling for Agentic Text-to-SQL Workflow",
arXiv 2505.05286 (2025), as its published simulator does it (`workload_balance.py`, `request.py`): times of calls by the usual
lengths of their steps, here those of the training recordings.
"""


def known():
    """Tokens of prompt and answer by step, in the training recordings, and the stages of a usual workflow by application."""
    lengths = {
        "information_retriever": (306, 7),
        "extract_keywords": (663, 42),
        "generate_candidate": (10054, 590),
        "revise": (6002, 136),
        "unit_tester": (275, 5),
        "generate_unit_test": (1045, 93),
        "evaluate": (919, 30),
        "selector": (2638, 72),
        "decomposer": (1770, 137),
        "refiner": (928, 492),
    }
    link = ["information_retriever", "extract_keywords", *["information_retriever"] * 3]
    check = ["unit_tester", "generate_unit_test", "unit_tester", "evaluate", "unit_tester"]
    chess = [*link, "generate_candidate", *["revise"] * 4, *check]
    return lengths, {"chess": chess, "mac_sql": ["selector", "decomposer", *["refiner"] * 4]}


def alone(m, prompt, tokens):
    """Seconds of a call that is alone on a machine."""
    return prompt * m["token_s"] + tokens * (m["weights_s"] + m["overhead_s"] + prompt * m["context_s"])


class Policy:
    """A queue in front of each replica."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md); the first replica is what the others are compared with."""
        self.machines = task["replicas"]
        lengths, self.usual = known()
        self.times = {step: [alone(m, *pair) for m in self.machines] for step, pair in lengths.items()}
        self.queues = [[] for _ in self.machines]
        self.work = [0.0] * len(self.machines)
        self.flows = {}  # workflow -> [end that was promised, stages of the usual workflow that are left]
        self.calls = {}  # call -> (step, prompt, when it became ready, seconds for it)

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

    def time(self, k, step, prompt=1000):
        """Seconds that a call of a step takes on a replica; where the step is not known, by its prompt and 100 tokens."""
        return self.times[step][k] if step in self.times else alone(self.machines[k], prompt, 100)

    def mean(self, step, prompt=1000):
        """The same, on average over the replicas."""
        return sum(self.time(k, step, prompt) for k in range(len(self.machines))) / len(self.machines)

    def listen(self, now, news):
        """Share what is left of the promised time among the stages that are usually left."""
        for number, app, promise in news["arrived"]:
            self.flows[number] = [now + promise, list(self.usual.get(app, ()))]
        stages = {}
        for call, number, step, prompt in news["ready"]:
            if number not in stages:
                due, left = self.flows[number]
                if step in left:
                    left.remove(step)
                if step == "unit_tester":
                    left[:] = [other for other in left if other != "revise"]
                own = self.mean(step, prompt)
                stages[number] = (due - now) * own / (own + sum(map(self.mean, left)))
            self.calls[call] = step, prompt, now, stages[number]
        for number in news["completed"]:
            del self.flows[number]

    def place(self, now, call, replicas):
        """The replica with the best balance of speed and work so far."""
        step, prompt = call[2:]
        alpha = 0.4  # weight of how fast a replica is for the call, against the work that it has been given
        k = 0
        if self.work[0]:
            own = self.time(0, step, prompt)
            k = max(
                range(len(self.machines)),
                key=lambda k: alpha * own / self.time(k, step, prompt) - (1 - alpha) * self.work[k] / self.work[0],
            )
        self.work[k] += self.time(k, step, prompt)
        return k

    def value(self, now, call, k):
        """Urgency: what is left of the time for the stage, less what the call takes here."""
        step, prompt, since, budget = self.calls[call]
        return budget - (now - since) - self.time(k, step, prompt)
