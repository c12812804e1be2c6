"""Serve a language model on several replicas: where a request goes, whom a replica admits next, who gives way.

Everything may change but the contract: `Policy(task)`, then `route` when a request comes, `order` when a replica has room,
`preempt` when its memory is full.
"""


# EVOLVE-BLOCK-START
class Policy:
    """The replica with the least work ahead; first come, first served; the last that came gives way."""

    def __init__(self, task):
        """Take the task: a dict of replicas, ttft_s, tpot_s and machine (a dict, see statement.md)."""
        self.task = task
        self.machine = task["machine"]
        self.facts = {}  # id -> request, with its time of arrival

    def route(self, news, request, replicas):
        """Return the number of the replica that the request goes to.

        `news` is a dict of `now` (seconds) and `finished` ([id, tokens of the answer] each, since the last call); `request` a
        dict of id, prompt, guess and client; `replicas` a list of dicts of running, waiting, held and backlog.
        """
        self.facts[request["id"]] = {**request, "came": news["now"]}
        return min(range(len(replicas)), key=lambda k: self.load(replicas[k]))

    def load(self, view):
        """How busy a replica is, in seconds: prompts to compute, and an iteration of what it holds."""
        return view["backlog"] * self.machine["token_s"] + view["held"] * self.machine["context_s"]

    def order(self, news, waiting, running, room):
        """Return ids of waiting requests in the order in which they shall be admitted; left out ones stay where they are.

        `news` also has the number of the `replica`. `waiting` holds [id, tokens to compute], `running` [id, tokens of the answer
        so far, tokens to compute before the next]; what does not fit into `room` tokens, and all after it, goes on waiting.
        """
        return sorted((id for id, _ in waiting), key=lambda id: self.facts[id]["came"])

    def preempt(self, news, running):
        """Return the id of the running request that gives up its memory and waits again: what it has will be computed anew."""
        return max((id for id, _, _ in running), key=lambda id: self.facts[id]["came"])


# EVOLVE-BLOCK-END
