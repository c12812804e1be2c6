"""TPE, tree-structured Parzen estimators: draw where good runs are frequent and others rare."""

import math
import random

STARTUP = 8  # runs by chance before the model is used
SHARE = 0.25  # of the runs that count as good
DRAWS = 24  # candidates a run


def suggest(space, workload, history, seed):
    """Suggest the candidate with the greatest ratio of densities, good runs to others."""
    rng = random.Random(f"{seed} {len(history)}")
    dims = dimensions(space)
    if len(history) <= STARTUP:
        return decode(space, [rng.randrange(len(choices)) for choices in dims])
    runs = sorted(history, key=lambda run: math.inf if run["cost"] is None else run["cost"])
    points = [encode(space, run["config"]) for run in runs]
    cut = math.ceil(SHARE * len(points))
    good = [density(choices, [p[i] for p in points[:cut]]) for i, choices in enumerate(dims)]
    bad = [density(choices, [p[i] for p in points[cut:]]) for i, choices in enumerate(dims)]
    best = None
    for _ in range(DRAWS):
        point = [rng.choices(range(len(g)), g)[0] for g in good]
        value = sum(math.log(g[at] / b[at]) for g, b, at in zip(good, bad, point, strict=True))
        if best is None or value > best[0]:
            best = (value, point)
    return decode(space, best[1])


def density(choices, seen):
    """Share of each choice among those seen, with one more spread evenly over all of them (the prior)."""
    n = len(choices)
    return [(seen.count(at) + 1 / n) / (len(seen) + 1) for at in range(n)]


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


def encode(space, config):
    """Point of a configuration."""
    knobs = [knob["levels"].index(config["knobs"][name]) for name, knob in space["knobs"].items()]
    names = [None, *space["indexes"]]
    slots = [names.index(index) for index in config["indexes"]]
    return [*knobs, *slots, *[0] * (space["most_indexes"] - len(slots))]


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
