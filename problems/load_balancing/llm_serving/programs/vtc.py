"""Virtual token counter: admit a request of the client that was served the fewest tokens; within a client the first that came.

Y. Sheng, S. Cao, D. Li, B. Zhu, Z. Li, D. Zhuo, J. E. Gonzalez and I. Stoica, "Fairness in Serving Large Language Models",
OSDI 2024: a token of a prompt counts 1, one of an answer 2; the counter of a client that comes back is lifted to the least of
those that wait. Each replica has counters of its own. Dispatching as in least_kv, which the paper leaves open.
"""


class Policy:
    """Keeps the counters and the queue of every replica."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.facts = {}  # id -> (client, prompt)
        self.counters = [{} for _ in range(task["replicas"])]
        self.queue = [{} for _ in range(task["replicas"])]  # ids that wait, as far as known
        self.paid = {}  # id -> tokens of its answer that are in the counter; there once its prompt is
        self.place = {}

    def listen(self, news):
        """Charge the rest of what is finished."""
        for id, tokens in news["finished"]:
            self.charge(self.place[id], id, tokens)

    def charge(self, place, id, tokens):
        """Charge a request's client for its prompt, once, and for `tokens` of its answer as far as they are new."""
        client, prompt = self.facts[id]
        self.queue[place].pop(id, None)
        fresh = 2 * (tokens - self.paid.get(id, 0)) + (prompt if id not in self.paid else 0)
        self.counters[place][client] += fresh
        self.paid[id] = tokens

    def route(self, news, request, replicas):
        """The replica with the fewest tokens; the client's counter there is lifted if none of its requests waits."""
        self.listen(news)
        place = min(range(len(replicas)), key=lambda k: replicas[k]["held"] + replicas[k]["backlog"])
        id, client = request["id"], request["client"]
        self.facts[id], self.place[id] = (client, request["prompt"]), place
        counters = self.counters[place]
        present = {self.facts[other][0] for other in self.queue[place]}
        counters.setdefault(client, 0)
        if client not in present:
            counters[client] = max(counters[client], min((counters[c] for c in present), default=0))
        self.queue[place][id] = None
        return place

    def order(self, news, waiting, running, room):
        """The client with the least counter first; each prompt counts as soon as it has its place in the order."""
        self.listen(news)
        place = news["replica"]
        for id, done, _ in running:
            self.charge(place, id, done)
        counters = dict(self.counters[place])
        by_client = {}
        for id, todo in sorted(waiting, reverse=True):
            by_client.setdefault(self.facts[id][0], []).append((id, todo))
        order = []
        while by_client:
            client = min(by_client, key=lambda c: (counters[c], by_client[c][-1][0]))
            id, _ = by_client[client].pop()
            order.append(id)
            counters[client] += 0 if id in self.paid else self.facts[id][1]
            if not by_client[client]:
                del by_client[client]
        return order

    def preempt(self, news, running):
        """The last that came."""
        self.listen(news)
        return max(id for id, _, _ in running)
