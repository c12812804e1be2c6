"""Latin hypercube sampling: every level of every knob and every index gets its even share of the runs."""

import random


def suggest(space, workload, history, seed):
    """Suggest the next row of a Latin hypercube as long as the budget, drawn from the seed."""
    rng = random.Random(seed)
    n = workload["budget"]
    columns = []
    for choices in dimensions(space):
        column = [int((i + rng.random()) / n * len(choices)) for i in range(n)]
        rng.shuffle(column)
        columns.append(column)
    return decode(space, [column[len(history) - 1] for column in columns])


def dimensions(space):
    """Choices of each dimension: the levels of each knob, then for each place of an index no index or any candidate."""
    slots = [[None, *space["indexes"]] for _ in range(space["most_indexes"])]
    return [knob["levels"] for knob in space["knobs"].values()] + slots


def decode(space, point):
    """Configuration of a point (one choice by its number in each dimension); an index that is named twice counts once."""
    dims = dimensions(space)
    values = [choices[at] for choices, at in zip(dims, point, strict=True)]
    n = len(space["knobs"])
    indexes = list(dict.fromkeys(index for index in values[n:] if index))
    return fitted(space, {"knobs": dict(zip(space["knobs"], values[:n], strict=True)), "indexes": indexes})


def fitted(space, config):
    """Take memory away, from sorts and hashes first, until the server would start."""
    knobs = config["knobs"]
    while not fits(space, knobs):
        for name in ("hash_mem_multiplier", "work_mem_mb", "shared_buffers_mb"):
            lower = [level for level in space["knobs"][name]["levels"] if level < knobs[name]]
            if lower:
                knobs[name] = lower[-1]
                break
    return config


def fits(space, knobs):
    """Whether the server would start: memory of the cache, and of sorts and hashes in every connection."""
    each = knobs["work_mem_mb"] * knobs["hash_mem_multiplier"]
    return knobs["shared_buffers_mb"] + space["connections"] * each <= space["memory_mb"]
