"""Drop: begin with all candidate indexes and drop, one at a time, the one whose loss the planner's estimates mind least."""


def suggest(space, workload, history, seed):
    """Suggest the indexes that are left when few enough are, with default knobs; runs do not change it."""
    kept = list(space["indexes"])
    while len(kept) > space["most_indexes"]:
        _, gone = min((cost(workload, [i for i in kept if i != index]), -space["indexes"][index]["mb"], index) for index in kept)[
            ::2
        ]
        kept.remove(gone)
    return {"knobs": {}, "indexes": kept}


def cost(workload, indexes):
    """What the planner estimates for the whole workload with a set of indexes."""
    return sum(query["weight"] * estimate(query, indexes) for query in workload["queries"])


def estimate(query, indexes):
    """The planner's estimate of a query: the first entry whose indexes are all there."""
    return next(value for used, value in query["what_if"] if set(used) <= set(indexes))
