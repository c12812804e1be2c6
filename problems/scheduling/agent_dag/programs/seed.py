"""Start the calls of agents on replicas of a language model: which call first, and where.

The part between the markers holds two rules; the class below keeps the books that they look at.
"""


# EVOLVE-BLOCK-START
def rank(
    age: float,
    promise: float,
    waited: float,
    prompt: int,
    tokens: float,
    own: float,
    rest: float,
    served: float,
    siblings: int,
) -> float:
    """Value of a call that waits; the least is started first, a tie goes to the first that became ready."""
    return -waited


def cost(
    turn: int,
    running: int,
    free: int,
    seconds: float,
    prompts: float,
    prompt_s: float,
    step_s: float,
    tokens: float,
    slack: float,
    rest: float,
) -> float:
    """Value of a replica with a free slot for the call; the least gets it, a tie goes to the first. Infinity: it waits on."""
    return turn


# EVOLVE-BLOCK-END


class Policy:
    """Keeps the facts of workflows and calls, learns how long answers and workflows are, and asks the two rules."""

    def __init__(self, task):
        """Take the task: a dict of replicas (a list of dicts, see statement.md)."""
        self.machines = task["replicas"]
        n = len(self.machines)
        self.mean = {key: sum(m[key] for m in self.machines) / n for key in ("token_s", "weights_s", "overhead_s", "context_s")}
        self.turn = 0  # whose it is in round robin
        self.workflows = {}  # number -> [arrival, promised seconds, app, seconds served, steps so far]
        self.calls = {}  # call that has not ended -> (workflow, step, prompt, since when it waits or None)
        self.waiting = {}  # call -> None, in the order in which they became ready
        self.tokens = {}  # step -> [answers, tokens of them in all]
        self.after = {}  # (app, step) -> [times, seconds that came after such a step in all]

    def step(self, now, news, replicas):
        """Return [replica, call] for each call that starts now, in order; the others go on waiting.

        `now` is in seconds; `news` a dict of what happened since the last call: `arrived` ([workflow, app, promised seconds]
        each), `ended` ([call, tokens of its answer]), `completed` (workflows) and `ready` ([call, workflow, step, tokens of the
        prompt]); `replicas` a list of dicts of `running` ([call, tokens of its answer so far]) and `prompts` (tokens to compute).
        """
        self._listen(now, news)
        order = sorted((_number(rank(*self._about(now, call))), call) for call in self.waiting)
        free = [m["slots"] - len(r["running"]) for m, r in zip(self.machines, replicas, strict=True)]
        prompts = [r["prompts"] for r in replicas]
        context = [self._context(r["running"]) for r in replicas]
        starts = []
        for _, call in order:
            if not any(free):
                break
            best, place = 1e300, None
            for k in range(len(free)):
                if free[k]:
                    value = _number(cost(*self._there(now, call, k, free[k], prompts[k], context[k])))
                    if value < best:
                        best, place = value, k
            if place is None:
                continue
            starts.append([place, call])
            free[place] -= 1
            prompts[place] += self.calls[call][2]
            context[place] += self.calls[call][2]
            self.turn = (place + 1) % len(free)
            del self.waiting[call]
        return starts

    def _listen(self, now, news):
        for number, app, promise in news["arrived"]:
            self.workflows[number] = [now, promise, app, 0.0, []]
        for call, tokens in news["ended"]:
            number, step, prompt = self.calls.pop(call)[:3]
            known = self.tokens.setdefault(step, [0, 0])
            known[0] += 1
            known[1] += tokens
            seconds = self._seconds(prompt, tokens)
            flow = self.workflows[number]
            flow[3] += seconds
            flow[4].append((step, seconds))
        for number in news["completed"]:
            _, _, app, _, steps = self.workflows.pop(number)
            rest = 0.0
            for step, seconds in reversed(steps):
                known = self.after.setdefault((app, step), [0, 0.0])
                known[0] += 1
                known[1] += rest
                rest += seconds
        for call, number, step, prompt in news["ready"]:
            self.calls[call] = (number, step, prompt, now)
            self.waiting[call] = None
        self.siblings = {}
        for number, *_ in self.calls.values():
            self.siblings[number] = self.siblings.get(number, 0) + 1

    def _seconds(self, prompt, tokens):
        """Seconds of a call that is alone on a replica, on average over the replicas."""
        m = self.mean
        return prompt * m["token_s"] + tokens * (m["weights_s"] + m["overhead_s"] + prompt * m["context_s"])

    def _expected(self, call):
        number, step, prompt, _ = self.calls[call]
        count, total = self.tokens.get(step, (0, 0))
        tokens = (total + 100) / (count + 1)
        count, total = self.after.get((self.workflows[number][2], step), (0, 0.0))
        return tokens, self._seconds(prompt, tokens), (total + 10) / (count + 1)

    def _about(self, now, call):
        """Arguments of `rank`."""
        number, _, prompt, since = self.calls[call]
        came, promise, _, served, _ = self.workflows[number]
        tokens, own, rest = self._expected(call)
        return now - came, promise, now - since, prompt, tokens, own, rest, served, self.siblings[number] - 1

    def _context(self, running):
        return sum(self.calls[call][2] + tokens for call, tokens in running)

    def _there(self, now, call, k, free, prompts, context):
        """Arguments of `cost`."""
        number, _, prompt, _ = self.calls[call]
        machine = self.machines[k]
        tokens, own, rest = self._expected(call)
        running = machine["slots"] - free
        prompt_s = prompt * machine["token_s"] + prompt * prompt / 2 * machine["pair_s"]
        step_s = machine["overhead_s"] + machine["weights_s"] + (context + prompt) * machine["context_s"]
        alone = prompt_s + tokens * (machine["overhead_s"] + machine["weights_s"] + prompt * machine["context_s"])
        came, promise = self.workflows[number][:2]
        slack = promise - (now - came) - own - rest
        turn = (k - self.turn) % len(self.machines)
        return turn, running, free, alone, prompts * machine["token_s"], prompt_s, step_s, tokens, slack, rest


def _number(value):
    """What can be compared: infinities and no number are the last resort."""
    return value if abs(value) < 1e300 else 1e300
