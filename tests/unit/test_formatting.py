"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest

from workbench.formatting import dollars, duration, level, percent, points, span


@pytest.mark.parametrize(
    ("gap", "said"),
    [(None, "–"), (math.inf, "–"), (0.0, "0.00%"), (0.00042, "0.042%"), (0.0426, "4.26%"), (0.367, "36.7%"), (12.3, "1230%")],
)
def test_gaps_are_told_with_the_figures_that_mean_something(gap: float | None, said: str) -> None:
    assert percent(gap) == said


def test_differences_are_percentage_points_with_a_sign() -> None:
    assert [points(d) for d in (None, -0.15, 0.015, 0.00042)] == ["–", "−15.0 pp", "+1.50 pp", "+0.042 pp"]
    assert span(-0.015, 0.2) == "−1.50 to +20.0 pp"
    assert [level(c) for c in (0.95, 1 - 0.05 / 9)] == ["95%", "99.4%"]


def test_an_unknown_cost_is_not_told_as_nothing() -> None:
    assert (dollars(None), dollars(0.0), dollars(None, model=False)) == ("unknown", "$0.00", "no model")
    assert [dollars(cost) for cost in (0.00042, 3.456, 12345.6)] == ["$0.0004", "$3.46", "$12,346"]


@pytest.mark.parametrize(("seconds", "said"), [(3, "3 s"), (600, "10 min"), (7200, "2.0 h"), (864_000, "10 d")])
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said
