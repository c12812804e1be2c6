"""Extend: add the index, or widen one that is there by further columns, that saves most of the estimated cost for its size."""


def suggest(space, workload, history, seed):
    """Suggest the indexes that the steps end with, with default knobs; runs do not change it."""
    chosen = []
    while True:
        now = cost(workload, chosen)
        steps = []
        for index, about in space["indexes"].items():
            if index in chosen:
                continue
            narrower = [i for i in chosen if extends(about, space["indexes"][i])]
            # A wider index takes the place of the one it extends; else it is one more.
            options = [[index if i == n else i for i in chosen] for n in narrower]
            if len(chosen) < space["most_indexes"]:
                options.append([*chosen, index])
            for option in options:
                mb = sum(space["indexes"][i]["mb"] for i in option) - sum(space["indexes"][i]["mb"] for i in chosen)
                saved = now - cost(workload, option)
                if saved > 0:
                    steps.append((saved / max(mb, 0.01), option))
        if not steps:
            return {"knobs": {}, "indexes": chosen}
        chosen = max(steps, key=lambda step: step[0])[1]


def extends(wide, narrow):
    """Whether an index begins with all columns of another."""
    n = len(narrow["columns"])
    return wide["table"] == narrow["table"] and len(wide["columns"]) > n and wide["columns"][:n] == narrow["columns"]


def cost(workload, indexes):
    """What the planner estimates for the whole workload with a set of indexes."""
    return sum(query["weight"] * estimate(query, indexes) for query in workload["queries"])


def estimate(query, indexes):
    """The planner's estimate of a query: the first entry whose indexes are all there."""
    return next(value for used, value in query["what_if"] if set(used) <= set(indexes))
