"""TPE, tree-structured Parzen estimators: draw where good runs are frequent and others rare."""

import math
import random

STARTUP = 4  # runs by chance before the model is used
SHARE = 0.25  # of the runs that count as good
DRAWS = 24  # allowed candidates a run


def suggest(space, job, cluster, history, seed):
    """Suggest the candidate with the greatest ratio of densities, good runs to others; out of memory is the worst."""
    rng = random.Random(f"{seed} {len(history)}")
    known = [run["plan"] for run in history]
    if len(history) <= STARTUP:
        return drawn(space, job, cluster, rng, known)
    runs = sorted(history, key=lambda run: math.inf if run["seconds"] is None else run["seconds"])
    cut = math.ceil(SHARE * len(runs))
    good = {name: density(values, [run["plan"][name] for run in runs[:cut]]) for name, values in space.items()}
    bad = {name: density(values, [run["plan"][name] for run in runs[cut:]]) for name, values in space.items()}
    best, found = None, 0
    for _ in range(2000):
        plan = {name: rng.choices(values, good[name])[0] for name, values in space.items()}
        if plan in known or not allowed(plan, job, cluster):
            continue
        value = 0.0
        for name, values in space.items():
            at = values.index(plan[name])
            value += math.log(good[name][at] / bad[name][at])
        if best is None or value > best[0]:
            best = (value, plan)
        found += 1
        if found == DRAWS:
            break
    return best[1] if best else drawn(space, job, cluster, rng, known)


def density(values, seen):
    """Share of each value among those seen, with one more spread evenly over all of them (the prior)."""
    return [(seen.count(value) + 1 / len(values)) / (len(seen) + 1) for value in values]


# The rest is from random_search.py: drawn, allowed.
