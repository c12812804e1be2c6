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


# The rest is from smac.py: dimensions, decode, fitted, fits.
