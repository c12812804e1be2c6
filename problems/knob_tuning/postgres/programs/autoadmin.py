"""AutoAdmin: the best indexes of each query alone are the candidates, from which the best pair and then greedily more are taken."""

from itertools import combinations


def suggest(space, workload, history, seed):
    """Suggest the indexes of Greedy(m, k) with m = 2, with default knobs; runs do not change it."""
    most = space["most_indexes"]
    names = []
    for query in workload["queries"]:
        # The first entry within the limit is the best configuration for this query alone.
        used = next(used for used, _ in query["what_if"] if len(used) <= most)
        names += [index for index in used if index not in names]
    pool = [list(some) for size in range(min(2, most) + 1) for some in combinations(names, size)]
    chosen = min(pool, key=lambda some: cost(workload, some))
    while len(chosen) < most:
        more = [[*chosen, index] for index in names if index not in chosen]
        best = min(more, key=lambda some: cost(workload, some), default=chosen)
        if cost(workload, best) >= cost(workload, chosen):
            break
        chosen = best
    return {"knobs": {}, "indexes": chosen}


def cost(workload, indexes):
    """What the planner estimates for the whole workload with a set of indexes."""
    return sum(query["weight"] * estimate(query, indexes) for query in workload["queries"])


def estimate(query, indexes):
    """The planner's estimate of a query: the first entry whose indexes are all there."""
    return next(value for used, value in query["what_if"] if set(used) <= set(indexes))
