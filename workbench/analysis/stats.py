"""Paired comparisons with confidence: is a difference in gap more than luck of the instances?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workbench.model import Interval, Record

SAMPLES, SEED = 10_000, 0
"""Of every bootstrap: the same data has the same interval everywhere."""
_BLOCK = 2_000_000
"""Draws held in memory at once."""

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
    """Bootstrap-t interval of the mean paired difference `a - b`; below 0, `a` has the smaller gap.

    The mean is that of `gap.mean_gap`: over families, of the mean within each. Instances are drawn with replacement within
    their family, and each resample is divided by its own standard error (Efron and Tibshirani 1993, chapter 12): a
    percentile interval is too narrow for small samples, and ignores skew. Families with one instance are drawn together.

    Parameters
    ----------
    a, b
        Gaps of two programs on the same instances in the same order.
    families
        Family of each instance; None: all of one family.
    confidence
        Two-sided level.

    Raises
    ------
    ValueError
        Lengths differ, nothing to compare, or a level outside (0, 1).
    """
    strata = _differences(a, b, families)
    if not 0 < confidence < 1 or samples < 1:
        raise ValueError(f"confidence must lie between 0 and 1 and samples be positive, not {confidence} and {samples}")
    mean = sum(weight * float(values.mean()) for weight, values in strata)
    error = math.sqrt(sum(weight**2 * _variance(values) for weight, values in strata))
    if error == 0:  # every difference is the same within its family: there is no spread to draw from
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
    # Resamples without any spread give no finite limit; what no instance shows is no part of an interval either.
    lowest = sum(weight * float(values.min()) for weight, values in strata)
    highest = sum(weight * float(values.max()) for weight, values in strata)
    return Interval(mean, max(lowest, float(mean - most * error)), min(highest, float(mean - least * error)))


def sign_flip(
    a: Sequence[float], b: Sequence[float], *, families: Sequence[str] | None = None, samples: int = SAMPLES, seed: int = SEED
) -> float:
    """One-sided p value that the mean paired difference `a - b` is below 0: how often random signs give a mean as low.

    Exact for differences that are symmetric about 0 under the null hypothesis (Fisher 1935; Good 2005, chapter 3).
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
    """By how much a mean over `count` instances would rise with one more that is as bad as the worst ever seen.

    No interval knows of a rare disaster that its sample happens not to hold; instances of other splits may have shown it.
    """
    return max(0.0, (worst - mean) / (count + 1))


def bonferroni(confidence: float, comparisons: int) -> float:
    """Level of each of several intervals, so that all hold together with `confidence` at least."""
    if comparisons < 1:
        raise ValueError("there must be a comparison")
    return 1 - (1 - confidence) / comparisons


def wins_ties_losses(a: Sequence[float], b: Sequence[float], *, tolerance: float = 1e-9) -> Record:
    """Count instances on which the gap of `a` is smaller than, within `tolerance` of, or larger than that of `b`."""
    difference = np.subtract(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    wins, losses = int((difference < -tolerance).sum()), int((difference > tolerance).sum())
    return Record(wins, difference.size - wins - losses, losses)


def _differences(a: Sequence[float], b: Sequence[float], families: Sequence[str] | None) -> list[tuple[float, Array]]:
    """Weight and differences of each stratum: a family each, those of one instance pooled."""
    if len(a) != len(b):
        raise ValueError(f"paired samples must be of one length, not {len(a)} and {len(b)}")
    data = np.subtract(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    if data.size == 0 or (families is not None and len(families) != data.size):
        raise ValueError(f"{data.size} values with {'no' if families is None else len(families)} families")
    if families is None:
        return [(1.0, data)]
    by_family: dict[str, list[float]] = {}
    for family, value in zip(families, data.tolist(), strict=True):
        by_family.setdefault(family, []).append(value)
    single = [values[0] for values in by_family.values() if len(values) == 1]
    strata = [(len(single) / len(by_family), np.asarray(single))] if single else []
    return strata + [(1 / len(by_family), np.asarray(values)) for values in by_family.values() if len(values) > 1]


def _variance(values: Array) -> float:
    """Squared standard error of the mean; 0 for a single value."""
    return float(values.var(ddof=1)) / values.size if values.size > 1 else 0.0


def _resampled(values: Array, samples: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Means of resamples, and their squared standard errors."""
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
