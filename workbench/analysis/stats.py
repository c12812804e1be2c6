"""Paired comparisons with confidence: is a difference in gap more than luck of the instances?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from workbench.model import Interval, Record

SAMPLES, SEED = 10_000, 0
"""Of every bootstrap: the same data has the same interval everywhere."""
_BLOCK = 2_000_000
"""Draws held in memory at once."""

Array = npt.NDArray[np.float64]


def paired_bootstrap(
    a: Sequence[float],
    b: Sequence[float],
    *,
    families: Sequence[str] | None = None,
    samples: int = SAMPLES,
    confidence: float = 0.95,
    seed: int = SEED,
) -> Interval:
    """Percentile bootstrap of the mean paired difference `a - b`; below 0, `a` has the smaller gap.

    The mean is the one of `gap.mean_gap`: over families, of the mean within each. Instances are drawn within their
    family, n - 1 of n with replacement: with n draws the variance of a small family would come out (n - 1)/n too small
    (McCarthy & Snowden 1985, Vital and Health Statistics 2-95). Families with a single instance are drawn together.

    Parameters
    ----------
    a, b
        Gaps of two programs on the same instances in the same order.
    families
        Family of each instance; None: all of one family.
    confidence
        Two-sided level; see `bonferroni` for several comparisons.

    Raises
    ------
    ValueError
        Lengths differ, nothing to compare, or a level outside (0, 1).
    """
    if len(a) != len(b):
        raise ValueError(f"paired samples must be of one length, not {len(a)} and {len(b)}")
    return bootstrap_ci(
        np.subtract(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)).tolist(),
        families=families, samples=samples, confidence=confidence, seed=seed,
    )  # fmt: skip


def bootstrap_ci(
    values: Sequence[float],
    *,
    families: Sequence[str] | None = None,
    samples: int = SAMPLES,
    confidence: float = 0.95,
    seed: int = SEED,
) -> Interval:
    """Percentile bootstrap of the mean over families of the mean within each; see `paired_bootstrap`."""
    data = np.asarray(values, dtype=np.float64)
    if data.size == 0 or (families is not None and len(families) != data.size):
        raise ValueError(f"{data.size} values with {'no' if families is None else len(families)} families")
    if not 0 < confidence < 1 or samples < 1:
        raise ValueError(f"confidence must lie between 0 and 1 and samples be positive, not {confidence} and {samples}")
    rng = np.random.default_rng(seed)
    mean, drawn = 0.0, np.zeros(samples)
    for weight, stratum in _strata(data, families):
        mean += weight * float(stratum.mean())
        drawn += weight * _means(stratum, samples, rng)
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(mean, float(low), float(high))


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


def _strata(data: Array, families: Sequence[str] | None) -> Iterator[tuple[float, Array]]:
    """Weight and values of each stratum: a family each, those of one instance pooled."""
    if families is None:
        yield 1.0, data
        return
    by_family: dict[str, list[float]] = {}
    for family, value in zip(families, data.tolist(), strict=True):
        by_family.setdefault(family, []).append(value)
    single = [values[0] for values in by_family.values() if len(values) == 1]
    if single:
        yield len(single) / len(by_family), np.asarray(single)
    for values in by_family.values():
        if len(values) > 1:
            yield 1 / len(by_family), np.asarray(values)


def _means(stratum: Array, samples: int, rng: np.random.Generator) -> Array:
    """Means of `samples` resamples; a stratum of one value, or of equal ones, has no spread to draw from."""
    if np.ptp(stratum) == 0:
        return np.full(samples, stratum[0])
    size = stratum.size - 1
    block = max(1, _BLOCK // size)
    parts = [
        stratum[rng.integers(0, stratum.size, (min(block, samples - begin), size))].mean(axis=1)
        for begin in range(0, samples, block)
    ]
    return np.concatenate(parts)
