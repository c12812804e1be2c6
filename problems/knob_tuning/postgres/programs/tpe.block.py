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


# The rest is from smac.py: dimensions, decode, encode, fitted, fits.
