"""LlamaTune: a random forest in a random projection to few dimensions, where part of each range means the default."""

import math

import numpy as np

STARTUP = 6  # runs by chance before the model is used
LOW = 6  # dimensions of the projection
BIAS = 0.2  # part of a knob's range that stands for its default
BUCKETS = 16  # different values in a dimension of the projection
DRAWS = 200  # points of the projection to choose from


def suggest(space, workload, history, seed):
    """Suggest the point of the projection with the greatest expected improvement.

    The forest learns from the knobs and indexes that a point stands for: from which point a run came is not in the history.
    """
    dims = dimensions(space)
    fixed = np.random.default_rng(seed)
    # HeSBO: every dimension follows one of the projection, some of them the other way round.
    owner, flip = fixed.integers(0, LOW, len(dims)), fixed.integers(0, 2, len(dims))
    rng = np.random.default_rng([seed, len(history)])
    done = [run for run in history if run["cost"] is not None]
    if len(history) <= STARTUP or len(done) < 4:
        return lifted(space, dims, owner, flip, rng)
    costs = np.log([run["cost"] for run in done])
    trees = forest(np.array([features(space, run["config"]) for run in done]), costs, rng)
    configs = [lifted(space, dims, owner, flip, rng) for _ in range(DRAWS)]
    value = improvement(trees, np.array([features(space, config) for config in configs]), costs.min())
    return configs[int(value.argmax())]


def lifted(space, dims, owner, flip, rng):
    """Configuration of a random bucket of the projection."""
    low = rng.integers(0, BUCKETS, LOW) / (BUCKETS - 1)
    high = [float(1 - low[o] if f else low[o]) for o, f in zip(owner, flip, strict=True)]
    return decode(space, [pick(space, i, choices, value) for i, (choices, value) in enumerate(zip(dims, high, strict=True))])


def pick(space, i, choices, value):
    """Number of a choice for a value in 0..1: the first part is the knob's default, or no index."""
    knobs = list(space["knobs"].values())
    if value < BIAS:
        return choices.index(knobs[i]["default"]) if i < len(knobs) else 0
    return min(len(choices) - 1, int((value - BIAS) / (1 - BIAS) * len(choices)))


def features(space, config):
    """A configuration as the forest sees it: levels of knobs, and each index there or not (a forest cannot order names)."""
    knobs = [knob["levels"].index(config["knobs"][name]) for name, knob in space["knobs"].items()]
    return [*knobs, *(float(index in config["indexes"]) for index in space["indexes"])]


# The rest is from smac.py: forest, tree, predict, improvement, dimensions, decode, fitted, fits.
