"""Charts of a run, from frames made by hand: what each shows, and that it can be drawn."""

from __future__ import annotations

import math
import random
import re
from itertools import pairwise

import pandas as pd
import pytest

from tests.unit.charted import domain, layers, rows
from workbench.report import charts
from workbench.report.palette import DARK, LIGHT
from workbench.report.vega import far_apart, spread, svg

BASELINE = charts.Level("EDD", 0.45)


def frame(gaps: list[float | None]) -> pd.DataFrame:
    """Attempts with these gaps; a gap of None is a crash."""
    made = pd.DataFrame({"number": range(len(gaps)), "gap": [math.nan if g is None else g for g in gaps]})
    made["status"] = ["crash" if g is None else "ok" for g in gaps]
    made["operator"], made["island"], made["seconds"] = "edit", [None, *[0] * (len(gaps) - 1)], 0.01
    made["created"], made["usd"] = [1000.0 + 3600 * k for k in range(len(gaps))], [0.5 * k for k in range(len(gaps))]
    made["parent"] = [math.nan, *range(len(gaps) - 1)]
    return made


def test_the_best_so_far_steps_down_and_ignores_failures() -> None:
    chart = charts.progress(frame([0.5, None, 0.6, 0.3, None, 0.4, None]))
    assert [(row["x"], row["best"]) for row in rows(chart, "line")] == [(0, 0.5), (3, 0.3), (6, 0.3)]
    assert [row["said"] for row in rows(chart, "tick")] == ["no. 1: crash", "no. 4: crash", "no. 6: crash"]
    assert [row["said"] for row in rows(chart, "circle")][:2] == ["no. 0: 50.0%, edit", "no. 2: 60.0%, edit"]
    assert rows(charts.progress(frame([0.5, None]), rug=False), "tick") == []


def test_a_run_without_a_valid_attempt_can_be_drawn() -> None:
    for log in (False, True):
        chart = charts.progress(frame([None, None]), DARK, levels=[BASELINE], log=log)
        assert rows(chart, "line") == [] and len(rows(chart, "tick")) == 2
        assert svg(chart, "x").startswith("<svg")


@pytest.mark.parametrize(("axis", "last"), [("attempts", 2), ("usd", 1.0), ("time", 2.0)])
def test_the_axis_counts_attempts_dollars_or_hours(axis: str, last: float) -> None:
    assert rows(charts.progress(frame([0.5, 0.4, 0.3]), axis=axis), "line")[-1]["x"] == pytest.approx(last)


def test_validation_takes_the_place_of_train_where_it_is_known() -> None:
    chart = charts.progress(frame([0.5, 0.4, 0.3]), validation=pd.Series([0.7, None, 0.6]))
    assert [row["best"] for row in rows(chart, "line")] == [0.7, 0.6]
    assert [row["number"] for row in rows(chart, "circle", series="island 0")] == [2]


def test_baselines_are_named_at_their_height_and_the_reference_is_solid() -> None:
    chart = charts.progress(frame([0.5, 0.4]), levels=[charts.Level("<b>EDD</b>", 0.45)])
    assert [(row["gap"], row["bound"]) for row in rows(chart, "rule")] == [(0.0, True), (0.45, False)]
    axis = layers(chart, "rule")[0]["encoding"]["y"]["axis"]
    assert axis["values"] == [0.0, 0.45] and axis["labelExpr"].startswith('["reference", "<b>EDD</b>"]')
    drawn = svg(chart, "x")
    assert "&lt;b&gt;EDD" in drawn and "<b>" not in drawn


@pytest.mark.parametrize("log", [False, True])
def test_a_baseline_better_than_every_attempt_is_in_sight(log: bool) -> None:
    chart = charts.progress(frame([0.5, 0.4]), log=log, levels=[BASELINE, charts.Level("best", 0.02), charts.Level("beyond", -0.1)])
    low, high = domain(chart, "y")
    assert low < (0.02 if log else -0.1) and high > 0.45
    shown = {row["name"]: row["gap"] for row in rows(chart, "rule")}
    known = {"EDD": 0.45, "best": 0.02}
    assert shown == known | ({"beyond: -10.0%": low} if log else {"reference": 0.0, "beyond": -0.1})


@pytest.mark.parametrize("log", [False, True])
def test_baselines_are_in_sight_before_the_first_valid_attempt(log: bool) -> None:
    low, high = domain(
        charts.progress(frame([None]), log=log, levels=[charts.Level("best", 5e-5), charts.Level("beyond", -0.2)]), "y"
    )
    assert low <= (5e-5 if log else -0.2) < high


def test_a_logarithmic_axis_draws_what_it_has_no_place_for_at_its_lower_end_and_tells_its_gap() -> None:
    chart = charts.progress(frame([0.5, 0.0, 0.01, -0.02]), log=True, levels=[BASELINE])
    low, high = domain(chart, "y")
    assert (low, high) == (pytest.approx(0.008), pytest.approx(0.55))
    assert [row["gap"] for row in rows(chart, "circle")] == [0.5, low, 0.01, low]
    assert [row["said"] for row in rows(chart, "circle")][1:] == ["no. 1: 0.00%, edit", "no. 2: 1.00%, edit", "no. 3: -2.00%, edit"]
    assert rows(chart, "line")[-1]["best"] == low


def test_the_axis_is_logarithmic_by_itself_where_baselines_lie_far_apart() -> None:
    far = [charts.Level(str(gap), gap) for gap in (0.01, 0.8, 0.9)]
    for gaps, log in (([0.02, 0.01], True), ([0.02, 0.0], False)):
        scale = layers(charts.progress(frame(gaps), levels=far), "circle")[0]["encoding"]["y"]["scale"]
        assert (scale.get("type") == "log") is log


def test_labels_keep_their_distance_their_order_and_the_axis() -> None:
    assert spread([0.5, 0.1, 0.11], 0.05) == pytest.approx([0.5, 0.08, 0.13])
    assert spread([0.9, 0.95, 1.0], 0.2, 0.0, 1.0) == pytest.approx([0.6, 0.8, 1.0])
    assert spread([0.01, 0.0], 0.2, 0.0, 1.0) == pytest.approx([0.2, 0.0])
    assert spread([], 1.0) == []
    rng = random.Random(1)
    values = [rng.random() for _ in range(12)]
    placed = spread(values, 0.05, 0.0, 1.0)
    assert sorted(range(12), key=placed.__getitem__) == sorted(range(12), key=values.__getitem__)
    at = sorted(placed)
    assert all(b - a > 0.0499 for a, b in pairwise(at)) and min(at) >= 0 and max(at) <= 1


def test_the_view_leaves_wild_attempts_out_but_keeps_every_baseline() -> None:
    low, high = charts.view(pd.Series([0.5, *[0.4] * 50, 1e6]), [charts.Level("EDD", 0.9)])
    assert low < 0 and 0.9 < high < 1.0


def test_where_most_attempts_are_far_worse_than_the_start_the_view_stays_below() -> None:
    _, high = charts.view(pd.Series([1.5, *range(10, 80)]), [charts.Level("EDD", 1.0)])
    assert high == pytest.approx(6.0, rel=0.07)


def test_an_axis_is_logarithmic_where_rules_lie_far_apart() -> None:
    assert far_apart([0.007, 0.011, 0.014, 0.015, 0.47, 0.58])
    assert not far_apart([0.35, 0.4, 0.6, 0.9]) and not far_apart([0.01, 0.9])


def test_steered_attempts_are_marked_on_the_line() -> None:
    diamonds = rows(charts.progress(frame([0.5, None, 0.3]), steered=[1, 99]), "point")
    assert [(row["x"], row["best"]) for row in diamonds] == [(1, 0.5)]


def test_clicks_select_the_number_of_an_attempt() -> None:
    made = charts.progress(frame([0.5, None, 0.3])).to_dict()["params"]
    (clicked,) = [param for param in made if param["name"] == charts.PICK]
    assert clicked["select"]["fields"] == ["number"]


def test_lineage_fills_the_path_and_leaves_other_parents_hollow() -> None:
    made = frame([0.5, 0.4, 0.3, 0.2])
    made["parent"] = [math.nan, 0, 0, 2]
    made.loc[len(made)] = {**made.loc[3], "number": 4, "parent": 1}
    chart = charts.lineage(made, [0, 2, 3])
    assert [row["number"] for row in rows(chart, "line", kind="path to the program")] == [0, 2, 3]
    (other,) = rows(chart, "point", kind="other parents")
    assert (other["number"], other["from"], other["before"]) == (1, 0, 0.5)


def test_a_logarithmic_lineage_shows_small_steps_and_needs_a_gap_above_the_reference() -> None:
    chart = charts.lineage(frame([0.5, 0.02, 0.01]), [0, 1, 2], log=True)
    low, high = domain(chart, "y")
    assert layers(chart, "line")[0]["encoding"]["y"]["scale"]["type"] == "log" and low < 0.01 and high >= 0.5
    assert layers(charts.lineage(frame([0.0, 0.0]), [0, 1], log=True), "line")[0]["encoding"]["y"]["scale"].get("type") is None


def test_the_archive_keeps_the_best_of_each_cell() -> None:
    sizes = pd.DataFrame({"number": [0, 1, 2, 3], "size": [100, 101, 400, 400], "seconds": [0.01] * 4,
                          "strongest": ["tight", "tight", "loose", "tight"]})  # fmt: skip
    made = charts.grid(sizes, pd.Series([0.5, 0.4, 0.3, math.nan]), "strongest")
    assert made.rows == ["loose", "tight"] and len(made.columns) == 5
    assert made.cells == [(0, 1, 0.4, 2, 1), (4, 0, 0.3, 1, 2)]
    cells = rows(charts.archive(made, DARK), "rect")
    assert [(cell["column"], cell["row"], cell["number"], cell["said"]) for cell in cells] == [
        (0, 1, 1, "best no. 1: 40.0% of 2 attempts"), (4, 0, 2, "best no. 2: 30.0% of 1 attempt"),
    ]  # fmt: skip
    assert charts.grid(sizes.iloc[:0], pd.Series(dtype=float), "seconds").cells == []


def test_failures_are_stacked_by_model_and_by_operator_where_there_is_none() -> None:
    groups = pd.DataFrame([
        {"status": "crash", "operator": "edit", "model": "large", "attempts": 2},
        {"status": "crash", "operator": "repair", "model": "large", "attempts": 1},
        {"status": "llm_error", "operator": "edit", "model": "small", "attempts": 1},
        {"status": "timeout", "operator": "constant", "model": None, "attempts": 2},
    ])  # fmt: skip
    bars = {(row["who"], row["status"]): row["attempts"] for row in rows(charts.failures(groups), "bar")}
    assert bars == {("large", "crash"): 3, ("small", "llm error"): 1, ("constant", "timeout"): 2}


def test_days_are_stacked_by_model_the_dearest_first() -> None:
    groups = pd.DataFrame(
        {"day": ["2026-01-01", "2026-01-01", "2026-01-03"], "model": ["small", "large", "small"], "usd": [0.1, 2.0, 0.2]}
    )
    chart = charts.by_day(groups)
    assert domain(chart, "color") == ["large", "small"] and domain(chart, "x") == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert {(row["day"], row["model"], row["usd"]) for row in rows(chart, "bar")} == set(groups.itertuples(index=False, name=None))


def test_what_an_operator_was_worth_is_told_by_dollar_where_any_was_paid() -> None:
    groups = pd.DataFrame({"model": ["<b>big</b>", "", "small"], "operator": ["edit", "constant", "edit"],
                           "gained": [0.2, 0.1, 0.0], "per_dollar": [0.4, math.nan, math.nan]})  # fmt: skip
    assert [(row["name"], row["value"]) for row in rows(charts.worth(groups), "bar")] == [("<b>big</b> · edit", 40)]
    free = charts.worth(groups.assign(per_dollar=math.nan))
    assert [(row["name"], row["value"]) for row in rows(free, "bar")] == [("<b>big</b> · edit", 20), ("constant", 10)]


def test_svg_has_the_colours_as_variables_and_says_what_each_mark_is_without_a_script() -> None:
    drawn = svg(charts.progress(frame([0.5, None, 0.3]), LIGHT, levels=[BASELINE]), 'a "chart"')
    assert drawn.startswith("<svg ") and 'aria-label="a &quot;chart&quot;"' in drawn
    assert {"var(--ink)", "var(--worse)", "var(--bound)", "var(--muted)", "var(--series-0)"} <= set(
        re.findall(r"var\([^)]+\)", drawn)
    )
    assert not set(re.findall(r"#[0-9a-f]{6}\b", drawn)), "every colour is of the palette"
    assert "<title>no. 2: 30.0%, edit</title>" in drawn and "<title>no. 1: crash</title>" in drawn
    assert "http" not in drawn and "<script" not in drawn and "onclick" not in drawn


def test_no_text_of_a_chart_is_below_12_pixels() -> None:
    config = charts.progress(frame([0.5])).to_dict()["config"]
    sizes = [config[part][name] for part in ("axis", "legend") for name in ("labelFontSize", "titleFontSize")]
    assert min([*sizes, config["text"]["fontSize"]]) >= 12
