"""Bayesian optimization: a Gaussian process over the settings, and the plan with the greatest expected improvement.

As in Snoek, Larochelle and Adams (2012): Matérn kernel 5/2, length scale by likelihood. Runs out of memory count as twice as slow
as the slowest.
"""

import math
import random

import numpy as np

STARTUP = 3  # runs by chance before the model is used
CANDIDATES = 300
SCALES = (0.3, 0.6, 1.2, 2.4)
NUGGET = 1e-3


def suggest(space, job, cluster, history, seed):
    """Suggest the candidate with the greatest expected improvement of the logarithm of the time."""
    rng = random.Random(f"{seed} {len(history)}")
    known = [run["plan"] for run in history]
    if len(history) <= STARTUP:
        return drawn(space, job, cluster, rng, known)
    slowest = max(run["seconds"] for run in history if run["seconds"] is not None)
    times = [2 * slowest if run["seconds"] is None else run["seconds"] for run in history]
    y = np.log(np.array(times))
    mean, spread = y.mean(), y.std() + 1e-9
    y = (y - mean) / spread
    x = np.array([point(space, plan) for plan in known])
    plans = [drawn(space, job, cluster, rng, known) for _ in range(CANDIDATES)]
    scale = max(SCALES, key=lambda s: likelihood(x, y, s))
    factor = np.linalg.cholesky(kernel(x, x, scale) + NUGGET * np.eye(len(x)))
    across = np.linalg.solve(factor, kernel(x, np.array([point(space, plan) for plan in plans]), scale))
    expected = across.T @ np.linalg.solve(factor, y)
    deviation = np.sqrt(np.maximum(1e-9, 1 - (across**2).sum(axis=0)))
    value = improvement(y.min(), expected, deviation)
    return plans[int(value.round(9).argmax())]


def point(space, plan):
    """A plan as numbers in 0..1: the places of its values among those of the space."""
    return [values.index(plan[name]) / max(1, len(values) - 1) for name, values in space.items()]


def kernel(a, b, scale):
    """Matérn kernel 5/2."""
    r = np.sqrt(5 * ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)) / scale
    return (1 + r + r**2 / 3) * np.exp(-r)


def likelihood(x, y, scale):
    """Logarithm of the marginal likelihood, up to a constant."""
    factor = np.linalg.cholesky(kernel(x, x, scale) + NUGGET * np.eye(len(x)))
    return round(float(-0.5 * (np.linalg.solve(factor, y) ** 2).sum() - np.log(np.diag(factor)).sum()), 9)


def improvement(least, mean, deviation):
    """Expected improvement on the least value."""
    z = (least - mean) / deviation
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    share = np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in z])
    return (least - mean) * share + deviation * density


# The rest is from random_search.py: drawn, allowed.
