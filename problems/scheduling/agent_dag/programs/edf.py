"""Earliest deadline first: the call whose workflow was promised first starts first, where it is likely to end first.

Liu and Layland, "Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment", Journal of the ACM 20 (1973).
"""


class Policy:
    """One queue for all replicas; answers are expected to be as long as others of the same step were."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.machines = task["replicas"]
        n = len(self.machines)
        self.token_s = sum(m["token_s"] for m in self.machines) / n
        self.step_s = sum(m["weights_s"] + m["overhead_s"] for m in self.machines) / n
        self.flows = {}  # workflow -> [application, end that was promised, seconds served, (step, seconds) of its calls]
        self.calls = {}  # call -> (workflow, step, prompt)
        self.waiting = []
        self.known = {}  # step -> [answers, tokens of them in all]

    def step(self, now, news, replicas):
        """Start the first calls as long as there is room."""
        self.listen(now, news)
        running = [len(r["running"]) for r in replicas]
        prompts = [r["prompts"] for r in replicas]
        starts = []
        for call in sorted(self.waiting, key=lambda call: (self.value(now, call), call)):
            free = [k for k, m in enumerate(self.machines) if running[k] < m["slots"]]
            if not free:
                break
            prompt = self.calls[call][2]
            k = min(free, key=lambda k: self.end(self.machines[k], call, running[k], prompts[k]))
            running[k] += 1
            prompts[k] += prompt
            self.waiting.remove(call)
            starts.append([k, call])
        return starts

    def listen(self, now, news):
        """Keep the books of workflows, calls and answers."""
        for number, app, promise in news["arrived"]:
            self.flows[number] = [app, now + promise, 0.0, []]
        for call, tokens in news["ended"]:
            number, step, prompt = self.calls.pop(call)
            known = self.known.setdefault(step, [0, 0])
            known[0] += 1
            known[1] += tokens
            seconds = self.usual(prompt, tokens)
            self.flows[number][2] += seconds
            self.flows[number][3].append((step, seconds))
        for number in news["completed"]:
            self.learn(*self.flows.pop(number))
        for call, number, step, prompt in news["ready"]:
            self.calls[call] = number, step, prompt
            self.waiting.append(call)

    def learn(self, app, due, served, steps):
        """Nothing but lengths of answers is learnt."""

    def tokens(self, step):
        """Mean of the answers so far, with one of 100 tokens beforehand."""
        count, total = self.known.get(step, (0, 0))
        return (total + 100) / (count + 1)

    def usual(self, prompt, tokens):
        """Seconds of a call alone, on average over the replicas."""
        return prompt * self.token_s + tokens * self.step_s

    def end(self, machine, call, running, prompts):
        """Seconds to the end of a call on a replica: prompts that wait there, and its own answer, slower the fuller it is."""
        _, step, prompt = self.calls[call]
        slow = 1 + running / machine["slots"]
        answer = self.tokens(step) * (machine["weights_s"] + machine["overhead_s"]) * slow
        return (prompts + prompt) * machine["token_s"] + answer

    def value(self, now, call):
        """The end that was promised."""
        return self.flows[self.calls[call][0]][1]
