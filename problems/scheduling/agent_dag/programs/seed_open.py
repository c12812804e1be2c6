"""Start the calls of agents on replicas of a language model: which call first, and where.

Everything may change but the contract: `Policy(task)`, then `step` whenever workflows arrive or calls end.
"""


# EVOLVE-BLOCK-START
class Policy:
    """Earliest promise first, on the replica with the largest share of free slots."""

    def __init__(self, task):
        """Take the task: a dict of replicas (a list of dicts, see statement.md)."""
        self.machines = task["replicas"]
        self.due = {}  # workflow -> end that was promised
        self.waiting = {}  # call -> (workflow, step, tokens of the prompt)

    def step(self, now, news, replicas):
        """Return [replica, call] for each call that starts now, in order; the others go on waiting.

        `now` is in seconds; `news` a dict of what happened since the last call: `arrived` ([workflow, app, promised seconds]
        each), `ended` ([call, tokens of its answer]), `completed` (workflows) and `ready` ([call, workflow, step, tokens of the
        prompt]); `replicas` a list of dicts of `running` ([call, tokens of its answer so far]) and `prompts` (tokens to compute).
        """
        for workflow, _, promise in news["arrived"]:
            self.due[workflow] = now + promise
        for call, workflow, step, prompt in news["ready"]:
            self.waiting[call] = workflow, step, prompt
        free = [m["slots"] - len(r["running"]) for m, r in zip(self.machines, replicas, strict=True)]
        starts = []
        for call in sorted(self.waiting, key=lambda call: (self.due[self.waiting[call][0]], call)):
            place = max(range(len(free)), key=lambda k: free[k] / self.machines[k]["slots"])
            if not free[place]:
                break
            free[place] -= 1
            del self.waiting[call]
            starts.append([place, call])
        return starts


# EVOLVE-BLOCK-END
