"""Llumnix without migration: the replica with the most freeness, tokens free of virtual usage for each running request.

B. Sun, Z. Huang, H. Zhao, W. Xiao, X. Zhang, Y. Li and W. Lin, "Llumnix: Dynamic Scheduling for Large Language Model
Serving", OSDI 2024. A running request uses what it holds; of those that wait, the first uses what it demands and the others
nothing; freeness is what is left of the memory, divided by the requests that run. First come, first served at each replica.
"""


class Policy:
    """Keeps the requests of every replica in order of arrival: with this order those that run are its first ones."""

    def __init__(self, task):
        """Take the task (a dict, see statement.md)."""
        self.capacity = task["machine"]["capacity"]
        self.unfinished = [{} for _ in range(task["replicas"])]  # id -> tokens of its prompt
        self.place = {}

    def listen(self, news):
        """Strike off what is finished."""
        for id, _ in news["finished"]:
            del self.unfinished[self.place.pop(id)][id]

    def route(self, news, request, replicas):
        """The replica with the most freeness; among equal ones that with the fewest requests."""
        self.listen(news)
        place = max(range(len(replicas)), key=lambda k: (self.freeness(k, replicas[k]), -replicas[k]["waiting"]))
        self.place[request["id"]] = place
        self.unfinished[place][request["id"]] = request["prompt"]
        return place

    def freeness(self, number, view):
        """Tokens free of virtual usage, over requests that run."""
        usage = view["held"]
        if view["waiting"]:
            ids = sorted(self.unfinished[number])
            usage += self.unfinished[number][ids[min(view["running"], len(ids) - 1)]]
        return (self.capacity - usage) / max(1, view["running"])

    def order(self, news, waiting, running, room):
        """First come, first served: ids count arrivals."""
        self.listen(news)
        return sorted(id for id, _ in waiting)

    def preempt(self, news, running):
        """The last that came."""
        self.listen(news)
        return max(id for id, _, _ in running)
