"""The chart of gap against CPU time: its Pareto front, its numbers, and what is drawn of many attempts."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.charted import domain, layers, rows
from workbench.analysis.attempts import front, timed
from workbench.protocols import SecondObjective
from workbench.report.cpu_chart import FRONT, against_cpu
from workbench.report.palette import DARK, LIGHT
from workbench.report.vega import PICK, svg

few = st.integers(0, 4).map(float)  # of few values, so that there are ties


def attempts(made: Sequence[tuple[float | None, float | None]]) -> pd.DataFrame:
    """Attempts with these seconds and gaps."""
    frame = pd.DataFrame(made, columns=["longest", "gap"])
    return frame.assign(number=range(len(made)), operator="edit")


def charted(made: Sequence[tuple[float | None, float | None]], **options: Any) -> alt.LayerChart:
    """The chart of these attempts."""
    frame = attempts(made)
    return against_cpu(timed(frame, frame["gap"]), **options)


@given(st.lists(st.tuples(few, few), min_size=1, max_size=25))
def test_the_front_is_that_of_comparing_each_with_each(made: list[tuple[float, float]]) -> None:
    frame = attempts(made)
    expected = [
        not any(a <= s and b <= g and ((a, b) != (s, g) or i < k) for i, (a, b) in enumerate(made) if i != k)
        for k, (s, g) in enumerate(made)
    ]
    assert list(front(frame["longest"], frame["gap"])) == expected


@given(st.lists(st.tuples(st.none() | few, st.none() | few), max_size=60), st.integers(1, 20))
def test_thinning_keeps_the_whole_front_and_nothing_without_time_or_gap(
    made: list[tuple[float | None, float | None]], most: int
) -> None:
    frame = attempts(made)
    whole, thin = (timed(frame, frame["gap"], n) for n in (len(made), most))
    assert list(whole["number"]) == [k for k, pair in enumerate(made) if None not in pair]
    assert set(whole.loc[whole["front"], "number"]) == set(thin.loc[thin["front"], "number"])
    assert set(thin["number"]) <= set(whole["number"]) and len(thin) <= most + whole["front"].sum() + 1
    assert list(front(thin["longest"], thin["gap"])) == list(thin["front"]), "the line is that of all attempts"


def test_of_ten_thousand_attempts_few_are_drawn() -> None:
    frame = attempts([(0.01 + k % 97 / 50, 0.1 + k * 31 % 89 / 90) for k in range(10_000)])
    assert len(timed(frame, frame["gap"])) < 2600


def test_the_line_is_the_front_from_fast_to_good_and_its_points_have_their_numbers() -> None:
    made = [(0.5, 0.3), (0.1, 0.5), (0.6, 0.4), (2.0, 0.1), (None, 0.05), (0.01, None)]
    chart = charted(made, log=False)
    assert [(row["number"], row["seconds"], row["gap"]) for row in rows(chart, "line")] == [
        (1, 0.1, 0.5),
        (0, 0.5, 0.3),
        (3, 2.0, 0.1),
    ]
    assert {row["number"] for row in rows(chart, "text")} == {0, 1, 3}
    assert {row["number"]: row["series"] for row in rows(chart, "circle")} == {0: FRONT, 1: FRONT, 2: "attempts", 3: FRONT}
    assert rows(chart, "circle", number=3)[0]["said"] == "no. 3: 10.0%, edit, 2 s"
    (clicked,) = [param for param in chart.to_dict()["params"] if param["name"] == PICK]
    assert clicked["select"]["fields"] == ["number"]


def test_numbers_that_would_overlap_give_way_to_those_of_better_gaps() -> None:
    close = [(0.1 + 0.0001 * k, 0.5 - 0.0001 * k) for k in range(50)]
    chart = charted([*close, (3.0, 0.1)])
    assert [row["number"] for row in rows(chart, "text")] == [50, 49]
    assert len(rows(chart, "line")) == 51


@pytest.mark.parametrize(("limit", "drawn"), [(2.0, True), (9.0, True), (11.0, False), (None, False)])
def test_the_limit_is_drawn_and_in_sight_if_it_is_near(limit: float | None, drawn: bool) -> None:
    chart = charted([(0.1, 0.5), (1.0, 0.2)], limit=limit)
    rules = layers(chart, "rule")
    assert (
        bool(rules) is drawn and domain(chart, "x")[0] < 0.1 and domain(chart, "x")[1] > max(1.0, limit if limit and drawn else 0)
    )
    assert not drawn or rows(chart, "rule") == [{"seconds": limit, "said": f"limit: {limit:g} s"}]


@pytest.mark.parametrize("made", [[(0.0, 0.0)], [(0.2, 0.1)] * 3, [(0.2, -0.1), (0.0, 0.4)]])
@pytest.mark.parametrize("log", [False, True])
def test_single_equal_and_zero_times_and_gaps_can_be_drawn(made: list[tuple[float, float]], log: bool) -> None:
    chart = charted(made, palette=DARK, log=log)
    low, high = domain(chart, "x")
    assert 0 < low < high and math.isfinite(high) and svg(chart, "x").startswith("<svg")


def test_its_colours_are_of_the_palette_and_no_text_is_below_12_pixels() -> None:
    drawn = svg(charted([(0.1, 0.5), (1.0, 0.2), (1.1, 0.6)], palette=LIGHT, limit=2.0), "x")
    assert not re.findall(r"#[0-9a-f]{6}\b", drawn)
    assert min(int(size) for size in re.findall(r'font-size="(\d+)px"', drawn)) >= 12


def test_of_a_second_objective_of_which_more_is_better_the_best_stands_on_the_left() -> None:
    share = SecondObjective("share", "share in time, %", "max")
    frame = attempts([(-90.0, 0.3), (-20.0, 0.1), (-15.0, 0.2), (0.0, 0.4)])
    chart = against_cpu(timed(frame, frame["gap"]), second=share, limit=None)
    assert [(row["number"], row["seconds"]) for row in rows(chart, "line")] == [(1, 20.0), (0, 90.0)]
    encoding = layers(chart, "line")[0]["encoding"]["x"]
    assert encoding["scale"]["reverse"] and encoding["scale"]["type"] == "linear" and "share in time" in encoding["title"]
    assert rows(chart, "circle", number=1)[0]["said"] == "no. 1: 10.0%, edit, 20" and svg(chart, "x").startswith("<svg")
