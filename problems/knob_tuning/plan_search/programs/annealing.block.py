"""Markov chain Monte Carlo over plans, as in FlexFlow (Jia, Zaharia, Aiken 2019): one random change, accepted by what it costs.

The chain moves on measured times. FlexFlow and ReaLHF run it on a simulator for minutes; here every step is a run.
"""

import math
import random

WARMTH = 0.05  # share of the time by which a step may be worse and still be taken one time in e


def suggest(space, job, cluster, history, seed):
    """Suggest a neighbour of where the chain is: one setting, or two that have to change together, drawn anew."""
    here = history[0]
    for number, run in enumerate(history[1:], 1):
        coin = random.Random(f"{seed} accept {number}").random()
        if run["seconds"] is not None and coin < math.exp(min(0.0, (1 - run["seconds"] / here["seconds"]) / WARMTH)):
            here = run
    rng = random.Random(f"{seed} {len(history)}")
    known = [run["plan"] for run in history]
    names = list(space)
    for _ in range(2000):
        plan = {**here["plan"], **{name: rng.choice(space[name]) for name in rng.sample(names, rng.choice((1, 2)))}}
        if allowed(plan, job, cluster) and plan not in known:
            return plan
    return here["plan"]


# The rest is from seed.py: allowed.
