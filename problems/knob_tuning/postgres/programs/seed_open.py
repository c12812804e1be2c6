"""The whole program may change: the indexes that the planner's estimates favour first, then one random change after the other."""

import random


# EVOLVE-BLOCK-START
def suggest(space, workload, history, seed):
    """Suggest the configuration to measure next: {"knobs": {name: value}, "indexes": [name, ...]} (see statement.md)."""
    rng = random.Random(seed * 1000 + len(history))
    best = min((run for run in history if run["cost"] is not None), key=lambda run: run["cost"])
    if len(history) == 1:
        return {"knobs": best["config"]["knobs"], "indexes": advised(space, workload, best)}
    for _ in range(100):
        config = {"knobs": dict(best["config"]["knobs"]), "indexes": list(best["config"]["indexes"])}
        for _ in range(rng.choice((1, 1, 2))):
            change(space, config, rng)
        known = any(
            run["config"]["knobs"] == config["knobs"] and set(run["config"]["indexes"]) == set(config["indexes"]) for run in history
        )
        if not known and fits(space, config["knobs"]):
            return config
    return best["config"]


def advised(space, workload, best):
    """Greedy choice of indexes: each time the one that saves most if the planner's estimates hold."""
    chosen = []
    for _ in range(space["most_indexes"]):
        costs = {
            index: sum(
                measured * estimate(query, {*chosen, index}) / estimate(query, ())
                for query, measured in zip(workload["queries"], best["queries"], strict=True)
            )
            for index in space["indexes"]
            if index not in chosen
        }
        if costs:
            chosen.append(min(costs, key=costs.get))
    return chosen


def estimate(query, indexes):
    """The planner's estimate of a query for a set of indexes."""
    return next(value for used, value in query["what_if"] if set(used) <= set(indexes))


def change(space, config, rng):
    """One knob to another level, or one index more, less or another."""
    held = config["indexes"]
    spare = [i for i in space["indexes"] if i not in held]
    if rng.random() < 0.5:
        name = rng.choice(list(space["knobs"]))
        config["knobs"][name] = rng.choice(space["knobs"][name]["levels"])
    elif held and (len(held) >= space["most_indexes"] or rng.random() < 0.5):
        at = rng.randrange(len(held))
        held[at : at + 1] = rng.sample(spare, min(len(spare), rng.randint(0, 1)))
    elif spare and space["most_indexes"] > 0:
        held.append(rng.choice(spare))


def fits(space, knobs):
    """Whether the server would start: memory of the cache, and of sorts and hashes in every connection."""
    each = knobs["work_mem_mb"] * knobs["hash_mem_multiplier"]
    return knobs["shared_buffers_mb"] + space["connections"] * each <= space["memory_mb"]


# EVOLVE-BLOCK-END
