"""Shortest job first by guessed length: the least work left, by the guess; the replica with the least guessed work.

Y. Fu, S. Zhu, R. Su, A. Qiao, I. Stoica and H. Zhang, "Efficient LLM Scheduling by Learning to Rank", NeurIPS 2024, order
requests so by a predictor. The rule: W. E. Smith, "Various optimizers for single-stage production", Naval Research Logistics
Quarterly 3 (1956) 59-66.
"""


class Policy:
    """Knows the guess and the place of every request."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        machine = task["machine"]
        self.token_s = machine["token_s"]
        self.context_s = machine["context_s"]
        self.pair_s = machine["pair_s"]
        self.work = {}  # id -> guessed seconds of work in all
        self.facts = {}  # id -> (prompt, guess)
        self.place = {}  # id -> replica
        self.left = [0.0] * task["replicas"]  # guessed seconds of work routed there and not finished

    def seconds(self, prompt, output):
        """Seconds of a machine that a request takes, if its answer has `output` tokens."""
        steps = output - 1
        first = prompt * self.token_s + self.pair_s * prompt * prompt / 2
        return first + steps * (self.token_s + self.context_s * (prompt + (steps + 1) / 2))

    def listen(self, news):
        """Strike off what is finished."""
        for id, _ in news["finished"]:
            self.left[self.place.pop(id)] -= self.work[id]

    def route(self, news, request, replicas):
        """The replica with the least guessed work."""
        self.listen(news)
        id = request["id"]
        place = min(range(len(replicas)), key=lambda k: self.left[k])
        self.work[id] = self.seconds(request["prompt"], request["guess"])
        self.facts[id] = (request["prompt"], request["guess"])
        self.place[id] = place
        self.left[place] += self.work[id]
        return place

    def rest(self, id, todo, done):
        """Guessed seconds of work that are left of a request with `done` tokens, `todo` to compute before the next."""
        prompt, guess = self.facts[id]
        return self.seconds(todo, 1) + self.seconds(prompt + done, max(1, guess - done)) - self.seconds(prompt + done, 1)

    def order(self, news, waiting, running, room):
        """The least work left first; what a preempted request has done is part of what it has to compute."""
        self.listen(news)
        return [id for _, id in sorted((self.rest(id, todo, todo - self.facts[id][0]), id) for id, todo in waiting)]

    def preempt(self, news, running):
        """The most work left."""
        self.listen(news)
        return max(running, key=lambda entry: (self.rest(entry[0], entry[2], entry[1]), entry[0]))[0]
