"""Statistics of paired comparisons: is a difference in gap more than chance?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workbench.model import Interval, Record
from workbench.values import scored

SAMPLES, SEED = 10_000, 0
"""Number of resamples and random seed of every bootstrap, so that the same data gives the same interval everywhere."""
_BLOCK = 2_000_000
"""Maximum number of draws in memory."""

Array = npt.NDArray[np.float64]


def paired_interval(
    a: Sequence[float],
    b: Sequence[float],
    *,
    families: Sequence[str] | None = None,
    samples: int = SAMPLES,
    confidence: float = 0.95,
    seed: int = SEED,
) -> Interval:
    """Return the bootstrap-t interval of the mean paired difference `a - b`; below 0, `a` has the smaller gap.

    The mean is that of `gap.mean_gap`: over instance classes, of the mean within each class. Instances are resampled within
    their class, and each resample is divided by its own standard error (Efron and Tibshirani 1993, chapter 12), because a
    percentile interval is too narrow for small samples and ignores skew. Classes with one instance are pooled.

    Parameters
    ----------
    a, b
        Gaps of two programs on the same instances in the same order.
    families
        Instance class of each instance; None: one class.
    confidence
        Two-sided confidence level.

    Raises
    ------
    ValueError
        Lengths differ, there is nothing to compare, or a level outside (0, 1).
    """
    strata = _differences(a, b, families)
    if not 0 < confidence < 1 or samples < 1:
        raise ValueError(f"confidence must lie between 0 and 1 and samples be positive, not {confidence} and {samples}")
    mean = sum(weight * float(values.mean()) for weight, values in strata)
    error = math.sqrt(sum(weight**2 * _variance(values) for weight, values in strata))
    if error == 0:  # all differences are equal within their class: nothing to resample
        return Interval(mean, mean, mean)
    rng = np.random.default_rng(seed)
    means, variances = np.zeros(samples), np.zeros(samples)
    for weight, values in strata:
        drawn, spread = _resampled(values, samples, rng)
        means += weight * drawn
        variances += weight**2 * spread
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.nan_to_num((means - mean) / np.sqrt(variances), nan=0.0, posinf=np.inf, neginf=-np.inf)
    tail = (1 - confidence) / 2
    least, most = np.quantile(t, tail, method="lower"), np.quantile(t, 1 - tail, method="higher")
    # Resamples without spread give infinite limits; the interval stays within the range of the observed differences.
    lowest = sum(weight * float(values.min()) for weight, values in strata)
    highest = sum(weight * float(values.max()) for weight, values in strata)
    return Interval(mean, max(lowest, float(mean - most * error)), min(highest, float(mean - least * error)))


def sign_flip(
    a: Sequence[float], b: Sequence[float], *, families: Sequence[str] | None = None, samples: int = SAMPLES, seed: int = SEED
) -> float:
    """Return the one-sided p value for a mean paired difference `a - b` below 0: how often random signs give a mean as low.

    Exact if differences are symmetric about 0 under the null hypothesis (Fisher 1935; Good 2005, chapter 3).
    """
    strata = _differences(a, b, families)
    mean = sum(weight * float(values.mean()) for weight, values in strata)
    rng = np.random.default_rng(seed)
    flipped = np.zeros(samples)
    for weight, values in strata:
        block = max(1, _BLOCK // values.size)
        parts = [
            (rng.integers(0, 2, (min(block, samples - first), values.size), dtype=np.int8) * 2.0 - 1.0) @ values
            for first in range(0, samples, block)
        ]
        flipped += weight * np.concatenate(parts) / values.size
    return (1 + int((flipped <= mean + 1e-12 * max(1.0, abs(mean))).sum())) / (samples + 1)


def one_more(mean: float, worst: float, count: int) -> float:
    """Return how much a mean over `count` instances would rise with one more instance as bad as the worst ever seen.

    An interval cannot account for rare failures that are missing from its sample but may have occurred on other splits.
    """
    return max(0.0, (worst - mean) / (count + 1))


def bonferroni(confidence: float, comparisons: int) -> float:
    """Return the level of each of several intervals that hold simultaneously with at least `confidence`."""
    if comparisons < 1:
        raise ValueError("there must be a comparison")
    return 1 - (1 - confidence) / comparisons


def wins_ties_losses(a: Sequence[float], b: Sequence[float], *, tolerance: float = 1e-9) -> Record:
    """Count instances on which the gap of `a` is smaller than, within `tolerance` of, or larger than that of `b`."""
    difference = np.subtract(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    wins, losses = int((difference < -tolerance).sum()), int((difference > tolerance).sum())
    return Record(wins, difference.size - wins - losses, losses)


def _differences(a: Sequence[float], b: Sequence[float], families: Sequence[str] | None) -> list[tuple[float, Array]]:
    """Weight and differences of each stratum: one per instance class that counts, with classes of one instance pooled."""
    if len(a) != len(b):
        raise ValueError(f"paired samples must be of one length, not {len(a)} and {len(b)}")
    data = np.subtract(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    if data.size == 0 or (families is not None and len(families) != data.size):
        raise ValueError(f"{data.size} values with {'no' if families is None else len(families)} families")
    if families is None:
        return [(1.0, data)]
    counted = scored(families)
    by_family: dict[str, list[float]] = {}
    for family, value in zip(families, data.tolist(), strict=True):
        if family in counted:
            by_family.setdefault(family, []).append(value)
    single = [values[0] for values in by_family.values() if len(values) == 1]
    strata = [(len(single) / len(by_family), np.asarray(single))] if single else []
    return strata + [(1 / len(by_family), np.asarray(values)) for values in by_family.values() if len(values) > 1]


def _variance(values: Array) -> float:
    """Squared standard error of the mean; 0 for a single value."""
    return float(values.var(ddof=1)) / values.size if values.size > 1 else 0.0


def _resampled(values: Array, samples: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Means of the resamples, and their squared standard errors."""
    size = values.size
    if np.ptp(values) == 0:
        return np.full(samples, values[0]), np.zeros(samples)
    block = max(1, _BLOCK // size)
    means, spreads = [], []
    for first in range(0, samples, block):
        drawn = values[rng.integers(0, size, (min(block, samples - first), size))]
        means.append(drawn.mean(axis=1))
        spreads.append(drawn.var(axis=1, ddof=1) / size)
    return np.concatenate(means), np.concatenate(spreads)
