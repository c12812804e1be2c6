"""CMA-ES: a normal distribution over knobs and one number for each index, shaped by the better half of each generation."""

import math

import numpy as np

SIZE = 6  # runs a generation


def suggest(space, workload, history, seed):
    """Suggest the next member of the generation under way; earlier generations are gone through again."""
    n = len(space["knobs"]) + len(space["indexes"])
    state = start(space, n)
    runs = history[1:]
    generation = 0
    while True:
        drawn = draw(state, np.random.default_rng([seed, generation]))
        mine = runs[generation * SIZE : (generation + 1) * SIZE]
        if len(mine) < SIZE:
            return decode(space, drawn[len(mine)])
        costs = [math.inf if run["cost"] is None else run["cost"] for run in mine]
        update(state, drawn[np.argsort(costs, kind="stable")], generation)
        generation += 1


def start(space, n):
    """Mean at the default, knobs scaled to 0..1; step size and the strategy's constants (Hansen's tutorial, table 1)."""
    weights = math.log(SIZE / 2 + 0.5) - np.log(np.arange(1, SIZE // 2 + 1))
    weights /= weights.sum()
    mu = 1 / (weights**2).sum()
    c1 = 2 / ((n + 1.3) ** 2 + mu)
    mean = [knob["levels"].index(knob["default"]) / max(1, len(knob["levels"]) - 1) for knob in space["knobs"].values()]
    cmu = min(1 - c1, 2 * (mu - 2 + 1 / mu) / ((n + 2) ** 2 + mu))
    return {
        "n": n,
        "mean": np.array(mean + [0.3] * len(space["indexes"])),
        "sigma": 0.3,
        "C": np.eye(n),
        "ps": np.zeros(n),
        "pc": np.zeros(n),
        "weights": weights,
        "mu": mu,
        "c1": c1,
        "cmu": cmu,
        "cs": (mu + 2) / (n + mu + 5),
        "cc": (4 + mu / n) / (n + 4 + 2 * mu / n),
        "chi": math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
    }


def draw(s, rng):
    """One generation."""
    values, basis = np.linalg.eigh(s["C"])
    # The symmetric root: unlike the eigenvectors of equal values it is the same wherever it is computed.
    s["root"] = basis * np.sqrt(np.maximum(values, 1e-12)) @ basis.T
    s["inverse"] = basis / np.sqrt(np.maximum(values, 1e-12)) @ basis.T
    return s["mean"] + s["sigma"] * rng.standard_normal((SIZE, s["n"])) @ s["root"]


def update(s, ranked, generation):
    """Move the distribution towards the better half of a generation, best first."""
    steps = (ranked[: len(s["weights"])] - s["mean"]) / s["sigma"]
    step = s["weights"] @ steps
    s["mean"] = s["mean"] + s["sigma"] * step
    damping = 1 + 2 * max(0.0, math.sqrt((s["mu"] - 1) / (s["n"] + 1)) - 1) + s["cs"]
    s["ps"] = (1 - s["cs"]) * s["ps"] + math.sqrt(s["cs"] * (2 - s["cs"]) * s["mu"]) * s["inverse"] @ step
    length = np.linalg.norm(s["ps"])
    rising = length / math.sqrt(1 - (1 - s["cs"]) ** (2 * generation + 2)) < (1.4 + 2 / (s["n"] + 1)) * s["chi"]
    s["pc"] = (1 - s["cc"]) * s["pc"] + rising * math.sqrt(s["cc"] * (2 - s["cc"]) * s["mu"]) * step
    old = 1 - s["c1"] - s["cmu"] + (1 - rising) * s["c1"] * s["cc"] * (2 - s["cc"])
    s["C"] = old * s["C"] + s["c1"] * np.outer(s["pc"], s["pc"]) + s["cmu"] * (steps.T * s["weights"]) @ steps
    s["sigma"] *= math.exp(min(1.0, s["cs"] / damping * (length / s["chi"] - 1)))


def decode(space, x):
    """Configuration of a point: the nearest level of each knob, and the indexes above a half, the greatest first."""
    knobs = {}
    for (name, knob), value in zip(space["knobs"].items(), x, strict=False):
        top = len(knob["levels"]) - 1
        knobs[name] = knob["levels"][round(min(1.0, max(0.0, float(value))) * top)]
    wish = sorted(((float(v), index) for v, index in zip(x[len(knobs) :], space["indexes"], strict=True) if v > 0.5), reverse=True)
    return fitted(space, {"knobs": knobs, "indexes": [index for _, index in wish[: space["most_indexes"]]]})


# The rest is from smac.py: fitted, fits.
