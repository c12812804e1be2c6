"""Skip-join multi-level feedback queue: who has used little of the machine comes first, and long prompts begin further down.

B. Wu, Y. Zhong, Z. Zhang, S. Liu, F. Liu, Y. Sun, G. Huang, X. Liu and X. Jin, "Fast Distributed Inference Serving for Large
Language Models", arXiv 2305.05920 (2023), FastServe. A request joins the first level whose quantum covers the time to its
first token and sinks as it uses up quanta; who has waited for long goes to the top. FastServe preempts at every iteration by
moving keys and values to the host; here levels decide admission and who gives way. Dispatching as in least_kv.
"""

LEVELS = 8
QUANTUM_S = 0.025  # of the first level; each further one has twice as much
STARVED_S = 10.0


class Policy:
    """Knows when every request came, and its level."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        machine = task["machine"]
        self.token_s, self.pair_s = machine["token_s"], machine["pair_s"]
        self.step_s = machine["overhead_s"] + machine["weights_s"]  # least time of an iteration
        self.facts = {}  # id -> (time of arrival, prompt)

    def route(self, news, request, replicas):
        """The replica with the fewest tokens."""
        self.facts[request["id"]] = (news["now"], request["prompt"])
        return min(range(len(replicas)), key=lambda k: replicas[k]["held"] + replicas[k]["backlog"])

    def level(self, id, done):
        """Level of a request with `done` tokens: 0 is the top."""
        prompt = self.facts[id][1]
        used = prompt * self.token_s + self.pair_s * prompt * prompt / 2 + done * self.step_s
        level = 0
        while level < LEVELS - 1 and used > QUANTUM_S * 2**level:
            level += 1
        return level

    def order(self, news, waiting, running, room):
        """The highest level first, in it the first that came; those that starve before all."""
        ranked = []
        for id, todo in waiting:
            came, prompt = self.facts[id]
            starves = news["now"] - came > STARVED_S
            ranked.append((0 if starves else 1 + self.level(id, todo - prompt), id))
        return [id for _, id in sorted(ranked)]

    def preempt(self, news, running):
        """The lowest level, in it the last that came."""
        return max((self.level(id, done), id) for id, done, _ in running)[1]
