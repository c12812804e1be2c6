"""Bootstrap intervals against normal theory, exact enumeration and degenerate cases."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from collections.abc import Sequence
from typing import Any

import pytest

from workbench.analysis.stats import bonferroni, one_more, paired_interval, sign_flip, wins_ties_losses
from workbench.model import InstanceResult, Interval, Status
from workbench.problem.gap import family_gaps, mean_gap


def test_equal_vectors_give_a_point_at_zero() -> None:
    a = [0.1, 0.7, 0.3]
    assert paired_interval(a, a, families=["x", "x", "y"]) == (0.0, 0.0, 0.0)


def of_differences(values: Sequence[float], **how: Any) -> Interval:
    return paired_interval(values, [0.0] * len(values), **how)


def test_a_constant_difference_gives_a_point() -> None:
    interval = paired_interval([1.5, 2.5, 3.5], [1.0, 2.0, 3.0])
    assert interval == pytest.approx((0.5, 0.5, 0.5))


def test_large_samples_agree_with_normal_theory() -> None:
    rng = random.Random(1)
    b = [rng.random() for _ in range(400)]
    a = [x + rng.gauss(-0.02, 0.3) for x in b]
    differences = [x - y for x, y in zip(a, b, strict=True)]
    error = statistics.stdev(differences) / math.sqrt(400)
    mean, low, high = paired_interval(a, b, samples=20_000)
    assert mean == pytest.approx(statistics.fmean(differences))
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.03)
    assert (low + high) / 2 == pytest.approx(mean, abs=0.1 * error)


def test_stratified_variance_is_that_of_a_stratified_mean() -> None:
    """Mean over F families: variance is the sum of s_f^2 / n_f over F^2, also for families of 2."""
    rng = random.Random(2)
    values, families = [], []
    for f in range(60):
        for _ in range(2):
            values.append(rng.gauss(f, 1.0))
            families.append(str(f))
    groups = [values[2 * f : 2 * f + 2] for f in range(60)]
    error = math.sqrt(sum(statistics.variance(g) / 2 for g in groups)) / 60
    _, low, high = of_differences(values, families=families, samples=20_000)
    assert 1.96 * error <= (high - low) / 2 == pytest.approx(1.96 * error, rel=0.1)  # wider, for the variances are estimated


def test_small_sample_quantiles_agree_with_enumeration() -> None:
    values = [0.0, 1.0, 5.0]
    mean, error = 2.0, statistics.stdev(values) / math.sqrt(3)

    def t_of(drawn: tuple[float, ...]) -> float:
        spread = statistics.stdev(drawn) / math.sqrt(3)
        off = statistics.fmean(drawn) - mean
        return off / spread if spread else math.copysign(math.inf, off) if off else 0.0

    every = sorted(t_of(drawn) for drawn in itertools.product(values, repeat=3))  # 27 equally likely resamples
    _, low, high = of_differences(values, confidence=0.5, samples=200_000)
    assert low == pytest.approx(max(0.0, mean - every[20] * error))  # the quartiles, within what the values allow
    assert high == pytest.approx(min(5.0, mean - every[6] * error))


def test_skew_moves_the_interval_towards_the_long_tail() -> None:
    """Many small gains and a few large losses: the upper limit lies further from the mean than the lower one."""
    mean, low, high = of_differences([-1.0] * 27 + [8.0] * 3)
    assert high - mean > 1.5 * (mean - low)


def test_limits_stay_finite_where_most_instances_are_equal() -> None:
    for values in ([0.0] * 11 + [-3.0], [0.0, -1.0], [0.0] * 40 + [5.0, -1.0]):
        mean, low, high = of_differences(values)
        assert min(values) <= low <= mean <= high <= max(values)


def test_sign_flips_agree_with_enumeration() -> None:
    values = [-3.0, -1.0, 0.5, -2.0, -0.2, 1.0, -2.5, -0.7]
    total = sum(values)
    flips = [sum(s * v for s, v in zip(signs, values, strict=True)) for signs in itertools.product((-1, 1), repeat=8)]
    exact = sum(flip <= total + 1e-9 for flip in flips) / len(flips)
    assert sign_flip(values, [0.0] * 8, samples=100_000) == pytest.approx(exact, abs=0.003)
    assert sign_flip([-v for v in values], [0.0] * 8) == pytest.approx(1 - exact, abs=0.03)


def test_sign_flips_weigh_families_alike() -> None:
    values, families = [-1.0] * 20 + [3.0, 2.0], ["many"] * 20 + ["few"] * 2
    assert sign_flip(values, [0.0] * 22, families=families) > 0.5 > sign_flip(values, [0.0] * 22)


def test_one_more_is_the_mean_with_one_more() -> None:
    values = [-1.0, -2.0, -0.5]
    mean = statistics.fmean(values)
    assert mean + one_more(mean, 6.0, 3) == pytest.approx(statistics.fmean([*values, 6.0]))
    assert one_more(mean, -5.0, 3) == 0.0


def test_the_mean_is_the_gap_of_the_score() -> None:
    rng = random.Random(3)
    families = [rng.choice("ABBBC") for _ in range(40)]
    a, b = [rng.random() for _ in families], [rng.random() for _ in families]

    def score(gaps: list[float]) -> float:
        results = [InstanceResult(str(i), f, Status.OK, g) for i, (f, g) in enumerate(zip(families, gaps, strict=True))]
        return mean_gap(family_gaps(results))

    assert paired_interval(a, b, families=families).mean == pytest.approx(score(a) - score(b))


def test_families_of_one_instance_are_drawn_together() -> None:
    values = [random.Random(i).gauss(0, 1) for i in range(50)]
    single = of_differences(values, families=[str(i) for i in range(50)])
    assert single == pytest.approx(of_differences(values), abs=1e-12)
    assert single.high - single.low > 0.3


def test_blocks_of_draws_cover_all_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [float(x) for x in range(30)]
    whole = of_differences(values, samples=999)
    monkeypatch.setattr("workbench.analysis.stats._BLOCK", 100)
    assert of_differences(values, samples=999) == whole  # the generator's stream does not depend on the blocks


def test_bonferroni_widens() -> None:
    assert bonferroni(0.95, 5) == pytest.approx(0.99)
    assert bonferroni(0.95, 1) == 0.95
    values = [float(x) for x in range(20)]
    narrow, wide = of_differences(values), of_differences(values, confidence=bonferroni(0.95, 5))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_wins_ties_losses() -> None:
    assert wins_ties_losses([0.0, 1.0, 2.0, 3.0], [1.0, 1.0 + 1e-12, 1.0, 1.0]) == (1, 1, 2)


@pytest.mark.parametrize(("a", "b", "families"), [([1.0], [1.0, 2.0], None), ([], [], None), ([1.0], [1.0], ["x", "y"])])
def test_wrong_use_is_refused(a: list[float], b: list[float], families: list[str] | None) -> None:
    with pytest.raises(ValueError):
        paired_interval(a, b, families=families)
    with pytest.raises(ValueError):
        of_differences([1.0, 2.0], confidence=1.0)
