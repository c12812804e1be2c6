"""Figures of the pages, from frames made by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

pytest.importorskip("streamlit")
from ui import charts, theme
from ui.theme import DARK, LIGHT
from workbench.model import Status
from workbench.store import FailureGroup


def frame(gaps: list[float | None], statuses: list[str] | None = None) -> pd.DataFrame:
    """Attempts with these gaps; a gap of None is a crash."""
    made = pd.DataFrame({"number": range(len(gaps)), "gap": [math.nan if g is None else g for g in gaps]})
    made["status"] = statuses or ["crash" if g is None else "ok" for g in gaps]
    made["operator"], made["island"], made["seconds"] = "edit", [None, *[0] * (len(gaps) - 1)], 0.01
    made["created"], made["usd"] = [1000.0 + 3600 * k for k in range(len(gaps))], [0.5 * k for k in range(len(gaps))]
    made["parent"] = [math.nan, *range(len(gaps) - 1)]
    return made


def trace(figure: object, name: str) -> object:
    """A trace by name."""
    return next(t for t in figure.data if t.name == name)  # type: ignore[attr-defined]


def test_the_best_so_far_steps_down_and_ignores_failures() -> None:
    figure = charts.progress(frame([0.5, None, 0.6, 0.3, None, 0.4]), LIGHT)
    line = trace(figure, "best so far")
    assert list(line.x) == [0, 3, 5] and list(line.y) == [0.5, 0.3, 0.3]
    rug = trace(figure, "failed")
    assert list(rug.customdata) == [1, 4] and list(rug.text) == ["crash", "crash"]


def test_no_best_line_without_a_valid_attempt() -> None:
    figure = charts.progress(frame([None, None]), DARK)
    assert [t.name for t in figure.data] == ["failed"]


@pytest.mark.parametrize(("axis", "last"), [("attempts", 2), ("usd", 1.0), ("time", 2.0)])
def test_the_axis_counts_attempts_dollars_or_hours(axis: str, last: float) -> None:
    figure = charts.progress(frame([0.5, 0.4, 0.3]), LIGHT, axis=axis)
    assert trace(figure, "best so far").x[-1] == pytest.approx(last)


def test_validation_takes_the_place_of_train_where_it_is_known() -> None:
    figure = charts.progress(frame([0.5, 0.4, 0.3]), LIGHT, validation=pd.Series([0.7, None, 0.6]))
    assert list(trace(figure, "best so far").y) == [0.7, 0.6]
    assert list(trace(figure, "island 0").customdata) == [2]


def test_baselines_are_named_at_their_height_and_the_reference_is_solid() -> None:
    figure = charts.progress(frame([0.5, 0.4]), LIGHT, levels=[charts.Level("<b>EDD</b>", 0.45)])
    lines = {(s.y0, s.line.dash) for s in figure.layout.shapes}
    assert lines == {(0.0, "solid"), (0.45, "dot")}
    assert {a.text for a in figure.layout.annotations} == {"reference", "&lt;b&gt;EDD&lt;/b&gt;"}


def test_long_runs_need_no_graphics_card() -> None:
    assert {trace.type for trace in charts.progress(frame([0.5] * 2500), LIGHT).data} == {"scatter"}


def test_a_logarithmic_axis_leaves_out_what_it_cannot_show() -> None:
    figure = charts.progress(frame([0.5, 0.0, 0.01]), LIGHT, log=True, levels=[charts.Level("EDD", 0.45)])
    low, high = figure.layout.yaxis.range
    assert 10**low == pytest.approx(0.008) and low < high
    assert [s.y0 for s in figure.layout.shapes] == [0.45]
    assert figure.layout.annotations[0].y == pytest.approx(math.log10(0.45))


def test_labels_keep_their_distance_and_their_order() -> None:
    assert charts.spread([0.5, 0.1, 0.11], 0.05) == pytest.approx([0.5, 0.1, 0.15])


def test_the_view_leaves_wild_attempts_out_but_keeps_every_baseline() -> None:
    gaps = pd.Series([0.5, *[0.4] * 50, 1e6])
    low, high = charts.view(gaps, [charts.Level("EDD", 0.9)])
    assert low < 0 and 0.9 < high < 1.0


def test_where_most_attempts_are_far_worse_than_the_start_the_view_stays_below() -> None:
    _, high = charts.view(pd.Series([1.5, *range(10, 80)]), [charts.Level("EDD", 1.0)])
    assert high == pytest.approx(6.0, rel=0.07)


def test_steered_attempts_are_marked_on_the_line() -> None:
    diamonds = trace(charts.progress(frame([0.5, None, 0.3]), LIGHT, steered=[1, 99]), "steered")
    assert list(diamonds.x) == [1] and list(diamonds.y) == [0.5]


def test_lineage_fills_the_path_and_leaves_other_parents_hollow() -> None:
    made = frame([0.5, 0.4, 0.3, 0.2])
    made["parent"] = [math.nan, 0, 0, 2]
    made.loc[len(made)] = {**made.loc[3], "number": 4, "parent": 1}
    figure = charts.lineage(made, [0, 2, 3], LIGHT)
    assert list(trace(figure, "path to the program").x) == [0, 2, 3]
    assert list(trace(figure, "other parents").x) == [1]


def test_the_archive_keeps_the_best_of_each_cell() -> None:
    sizes = pd.DataFrame({"number": [0, 1, 2, 3], "size": [100, 101, 400, 400], "seconds": [0.01] * 4,
                          "strongest": ["tight", "tight", "loose", "tight"]})  # fmt: skip
    made = charts.grid(sizes, pd.Series([0.5, 0.4, 0.3, math.nan]), "strongest")
    assert made.rows == ["loose", "tight"] and len(made.columns) == 5
    assert made.cells == [(0, 1, 0.4, 2, 1), (4, 0, 0.3, 1, 2)]
    option = charts.archive(made, DARK, "strongest")
    assert [d["value"] for d in option["series"][0]["data"]] == [[0, 1, 40.0], [4, 0, 30.0]]
    assert charts.grid(sizes.iloc[:0], pd.Series(dtype=float), "seconds").cells == []


def test_failures_are_stacked_by_model_and_by_operator_where_there_is_none() -> None:
    groups = [
        FailureGroup(Status.CRASH, "edit", "large", 3, 0.1, 1, "boom"),
        FailureGroup(Status.CRASH, "edit", "small", 1, None, 2, "boom"),
        FailureGroup(Status.TIMEOUT, "constant", None, 2, None, 3, "too slow"),
    ]
    figure = charts.failures(groups, LIGHT)
    assert {t.name: dict(zip(t.y, t.x, strict=True)) for t in figure.data} == {
        "large": {"timeout": 0, "crash": 3}, "small": {"timeout": 0, "crash": 1}, "constant": {"timeout": 2, "crash": 0}
    }  # fmt: skip


@pytest.mark.parametrize(
    ("gap", "said"),
    [(None, "–"), (math.inf, "–"), (0.0, "0.00%"), (0.00042, "0.042%"), (0.0426, "4.26%"), (0.367, "36.7%"), (12.3, "1230%")],
)
def test_gaps_are_told_with_the_figures_that_mean_something(gap: float | None, said: str) -> None:
    assert theme.percent(gap) == said


def test_an_unknown_cost_is_not_told_as_nothing() -> None:
    assert (theme.dollars(None), theme.dollars(0.0), theme.dollars(None, model=False)) == ("unknown", "$0.00", "no LLM")


def test_cards_and_chips_escape_what_they_are_given() -> None:
    nasty = "<script>'\"</script>"
    for made in (theme.kpi(nasty, nasty, nasty), theme.chip(nasty), theme.text_code(nasty), theme.table([nasty], [["x"]])):
        assert "<script>" not in made


def test_days_are_stacked_by_model_the_dearest_first() -> None:
    groups = pd.DataFrame(
        {"day": ["2026-01-01", "2026-01-01", "2026-01-03"], "model": ["small", "large", "small"], "usd": [0.1, 2.0, 0.2]}
    )
    figure = charts.by_day(groups, LIGHT)
    assert [t.name for t in figure.data] == ["large", "small"]
    assert list(figure.data[0].x) == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert list(figure.data[0].y) == [2.0, 0.0, 0.0] and list(figure.data[1].y) == [0.1, 0.0, 0.2]


def test_what_an_operator_was_worth_is_told_by_dollar_where_any_was_paid() -> None:
    groups = pd.DataFrame({"model": ["<b>big</b>", "", "small"], "operator": ["edit", "constant", "edit"],
                           "gained": [0.2, 0.1, 0.0], "per_dollar": [0.4, math.nan, math.nan]})  # fmt: skip
    bar = charts.worth(groups, LIGHT).data[0]
    assert list(bar.y) == ["&lt;b&gt;big&lt;/b&gt; · edit", "constant"] and bar.x[0] == pytest.approx(40)
    free = charts.worth(groups.assign(per_dollar=math.nan), LIGHT)
    assert list(free.data[0].y) == ["constant", "&lt;b&gt;big&lt;/b&gt; · edit"] and list(free.data[0].x) == pytest.approx([10, 20])
    assert free.layout.xaxis.title.text == "pp of gap"


def test_a_logarithmic_lineage_shows_small_steps_and_needs_a_gap_above_the_reference() -> None:
    figure = charts.lineage(frame([0.5, 0.02, 0.01]), [0, 1, 2], LIGHT, log=True)
    low, high = figure.layout.yaxis.range
    assert figure.layout.yaxis.type == "log" and low < -2 and 10**high >= 0.5
    assert charts.lineage(frame([0.0, 0.0]), [0, 1], LIGHT, log=True).layout.yaxis.type != "log"
