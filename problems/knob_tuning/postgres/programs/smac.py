"""SMAC-like: a random forest of the costs so far, and the expected improvement of neighbours of good runs and of random points."""

import math

import numpy as np

STARTUP = 6  # runs by chance before the model is used


def suggest(space, workload, history, seed):
    """Suggest the candidate with the greatest expected improvement; every fifth run is one by chance."""
    rng = np.random.default_rng([seed, len(history)])
    dims = dimensions(space)
    if len(history) <= STARTUP or len(history) % 5 == 0:
        return decode(space, by_chance(dims, rng))
    done = [run for run in history if run["cost"] is not None]
    costs = np.log([run["cost"] for run in done])
    trees = forest(np.array([features(space, run["config"]) for run in done]), costs, rng)
    points = [by_chance(dims, rng) for _ in range(100)]
    for at in np.argsort(costs)[:4]:
        points += neighbours(dims, encode(space, done[at]["config"]), rng)
    configs = [decode(space, point) for point in points]
    value = improvement(trees, np.array([features(space, config) for config in configs]), costs.min())
    return configs[int(value.argmax())]


def by_chance(dims, rng):
    """A random point."""
    return [int(rng.integers(len(choices))) for choices in dims]


def neighbours(dims, point, rng):
    """Points that differ in one dimension; of a place for an index four other choices."""
    found = []
    for i, choices in enumerate(dims):
        others = [at for at in range(len(choices)) if at != point[i]]
        if others:
            found += [[*point[:i], int(at), *point[i + 1 :]] for at in rng.permutation(others)[:4]]
    return found


def features(space, config):
    """A configuration as the forest sees it: levels of knobs, and each index there or not (a forest cannot order names)."""
    knobs = [knob["levels"].index(config["knobs"][name]) for name, knob in space["knobs"].items()]
    return [*knobs, *(float(index in config["indexes"]) for index in space["indexes"])]


def forest(x, y, rng, trees=10):
    """Regression trees on bootstrap samples; each split is the best of one random place in most of the dimensions."""
    return [tree(x, y, rng.integers(0, len(y), len(y)), rng) for _ in range(trees)]


def tree(x, y, rows, rng):
    """A leaf is its mean; a node is (dimension, threshold, below, above)."""
    mine, cost = x[rows], y[rows]
    least, most = mine.min(axis=0), mine.max(axis=0)
    dims = np.flatnonzero(most > least)
    if len(rows) < 4 or len(dims) == 0:
        return float(cost.mean())
    dims = rng.permutation(dims)[: max(1, len(dims) * 5 // 6)]
    thresholds = least[dims] + (most - least)[dims] * rng.uniform(0.01, 0.99, len(dims))
    low = mine[:, dims] < thresholds
    # The greater this is, the less the costs differ within the two parts.
    below, total = low.sum(axis=0), cost.sum()
    part = (cost[:, None] * low).sum(axis=0)
    # Rounded: the same split by two dimensions is a tie, whatever the last bits say.
    best = int((part**2 / below + (total - part) ** 2 / (len(rows) - below)).round(6).argmax())
    left = low[:, best]
    return (int(dims[best]), float(thresholds[best]), tree(x, y, rows[left], rng), tree(x, y, rows[~left], rng))


def predict(node, x):
    """Values of a tree at the rows of x."""
    if not isinstance(node, tuple):
        return np.full(len(x), node)
    dim, threshold, below, above = node
    low = x[:, dim] < threshold
    found = np.empty(len(x))
    found[low], found[~low] = predict(below, x[low]), predict(above, x[~low])
    return found


def improvement(trees, x, least):
    """Expected improvement on the least cost (costs are logarithms) where the trees' values are taken for a normal distribution."""
    values = np.array([predict(t, x) for t in trees])
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
    z = (least - mean) / spread
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    share = np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in z])
    return ((least - mean) * share + spread * density).round(9)


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
