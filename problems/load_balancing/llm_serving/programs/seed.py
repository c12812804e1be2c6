"""Serve a language model on several replicas: where a request goes, whom a replica admits next, who gives way.

The part between the markers holds three rules; the class below keeps the books that they look at.
"""


# EVOLVE-BLOCK-START
def load(
    turn: int,
    running: int,
    waiting: int,
    held: float,
    backlog: float,
    owed: float,
    prompt: int,
    guess: int,
) -> float:
    """Value of a replica for a request that has just come; the least gets it, a tie goes to the first."""
    return turn


def rank(
    age: float,
    slack: float,
    prompt: int,
    todo: int,
    guess: int,
    done: int,
    left: int,
    client_served: int,
) -> float:
    """Value of a request that waits; the least is admitted first, a tie goes to the first that came."""
    return -age


def worth(
    age: float,
    slack: float,
    prompt: int,
    todo: int,
    guess: int,
    done: int,
    left: int,
    client_served: int,
) -> float:
    """Value of a request that runs; when memory is full the least gives way, in a tie the last that came."""
    return age


# EVOLVE-BLOCK-END


class Policy:
    """Keeps the facts of every request, and asks the three rules."""

    def __init__(self, task):
        """Take the task: a dict of replicas, ttft_s, tpot_s and machine (a dict, see statement.md)."""
        machine = task["machine"]
        self.ttft_s = task["ttft_s"]
        self.token_s = machine["token_s"] + machine["overhead_s"] / machine["chunk"]
        self.capacity = machine["capacity"]
        self.turn = 0  # whose it is in round robin
        self.facts = {}  # id -> (time of arrival, prompt, guess, client)
        self.done = {}  # id -> tokens of its answer, as far as known
        self.here = [{} for _ in range(task["replicas"])]  # unfinished ids of every replica
        self.place = {}
        self.served = {}  # client -> tokens

    def route(self, news, request, replicas):
        """Return the number of the replica that the request goes to.

        `news` is a dict of `now` (seconds) and `finished` ([id, tokens of the answer] each, since the last call); `request` a
        dict of id, prompt, guess and client; `replicas` a list of dicts of running, waiting, held and backlog.
        """
        self._listen(news)
        id, prompt, guess, client = (request[key] for key in ("id", "prompt", "guess", "client"))
        n = len(replicas)
        values = []
        for k, view in enumerate(replicas):
            values.append(
                load(
                    (k - self.turn) % n,
                    view["running"],
                    view["waiting"],
                    view["held"] / self.capacity,
                    view["backlog"] * self.token_s,
                    sum(max(1, self.facts[i][2] - self.done[i]) for i in self.here[k]) / self.capacity,
                    prompt,
                    guess,
                )
            )
        place = min(range(n), key=lambda k: _number(values[k]))
        self.turn = (self.turn + 1) % n
        self.facts[id] = (news["now"], prompt, guess, client)
        self.done[id] = 0
        self.here[place][id] = None
        self.place[id] = place
        return place

    def order(self, news, waiting, running, room):
        """Return ids of waiting requests in the order in which they shall be admitted; left out ones stay where they are.

        `news` also has the number of the `replica`. `waiting` holds [id, tokens to compute], `running` [id, tokens of the answer
        so far, tokens to compute before the next]; what does not fit into `room` tokens, and all after it, goes on waiting.
        """
        self._listen(news, running)
        now = news["now"]
        return [id for _, id in sorted((_number(rank(*self._about(now, id, todo))), id) for id, todo in waiting)]

    def preempt(self, news, running):
        """Return the id of the running request that gives up its memory and waits again: what it has will be computed anew."""
        self._listen(news, running)
        now = news["now"]
        return min((_number(worth(*self._about(now, id, todo))), -id, id) for id, _, todo in running)[2]

    def _listen(self, news, running=()):
        for id, tokens in news["finished"]:
            self._note(id, tokens)
            del self.here[self.place[id]][id]
        for id, tokens, _ in running:
            self._note(id, tokens)

    def _note(self, id, tokens):
        _, prompt, _, client = self.facts[id]
        fresh = tokens - self.done[id] + (prompt if tokens and not self.done[id] else 0)
        self.served[client] = self.served.get(client, 0) + fresh
        self.done[id] = tokens

    def _about(self, now, id, todo):
        """Arguments of `rank` and `worth` for a request that has `todo` tokens to compute before its next one."""
        came, prompt, guess, client = self.facts[id]
        done = self.done[id] = max(self.done[id], todo - prompt)
        age = now - came
        slack = -1.0 if done else self.ttft_s - age - todo * self.token_s
        return age, slack, prompt, todo, guess, done, max(1, guess - done), self.served.get(client, 0)


def _number(value):
    """What can be compared: infinities and no number are the last resort."""
    return value if abs(value) < 1e300 else 1e300
