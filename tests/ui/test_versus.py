"""Figures of the Compare page: every one against data where the answer is known."""

from __future__ import annotations

import pytest

from ui import versus
from ui.theme import LIGHT
from workbench.analysis.compare import Contender, compare
from workbench.model import Interval

FAMILY = {"b1": "big", "s1": "small", "s2": "small", "b2": "big"}
GOOD = Contender("run-7:3", 3, {"b1": 0.1, "s1": 0.2, "s2": 0.3, "b2": 0.1}, FAMILY)
RULE = Contender("<i>rule</i>", None, {"b1": 0.2, "s1": 0.3, "s2": 0.4, "b2": 0.2}, FAMILY)
BAD = Contender("run-8:0", 0, {"b1": 0.9, "s1": 0.8, "s2": 0.9, "b2": 0.8}, FAMILY)
NAMES = {GOOD.name: "7:3", RULE.name: RULE.name, BAD.name: "8:0"}


def test_names_are_as_short_as_tells_them_apart() -> None:
    assert versus.labels(["x-2026-ab:1", "x-2026-cd:1"]) == {"x-2026-ab:1": "ab:1", "x-2026-cd:1": "cd:1"}
    assert versus.labels(["x-ab:1", "y-ab:1"]) == {"x-ab:1": "x-ab:1", "y-ab:1": "y-ab:1"}


def test_the_forest_has_the_best_on_top_and_its_colour_follows_the_verdict() -> None:
    figure = versus.forest([compare(BAD, RULE), compare(GOOD, RULE)], NAMES, LIGHT)
    assert figure.layout.yaxis.ticktext == ("7:3", "8:0") and figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    found = {t.name: (t.y[0], t.x[0], t.marker.color) for t in figure.data}
    assert found["better"] == (0, pytest.approx(-10), LIGHT.better)
    assert found["worse"][0] == 1 and found["worse"][2] == LIGHT.worse


def test_the_forest_keeps_what_is_far_off_from_flattening_the_rest() -> None:
    near, far = Interval(-0.02, -0.03, -0.01), Interval(0.9, 0.8, 1.0)
    low, high = versus.window([near, near, far])
    assert low == pytest.approx(-0.03 * 1.08) and 0 < high < 0.01
    low, high = versus.window([near, far])
    assert low < -0.03 and high > 1.0
    assert versus.window([Interval(0.0, 0.0, 0.0)]) == pytest.approx((-1e-4, 1e-4))


def test_the_map_groups_families_and_pins_baselines_below_their_band() -> None:
    made = versus.arrange([GOOD, BAD], [RULE])
    assert made.rows == [GOOD, BAD, None, RULE]
    assert made.columns == ["b1", "b2", None, "s1", "s2"]
    assert made.families == ["big", "", "", "small", ""]
    assert versus.arrange([GOOD], []).rows == [GOOD]


def test_cells_hold_differences_or_gaps_and_know_their_place() -> None:
    made = versus.arrange([GOOD, BAD], [RULE])
    option, places = versus.heat(made, NAMES, LIGHT, RULE, {"b1": "optimal", "s1": "best_known"})
    cells = option["series"][0]["data"]
    assert len(cells) == len(places) == 12 and places[0] == (GOOD, "b1")
    assert [c["value"] for c in cells[:3]] == [[0, 1, -10.0], [1, 1, -10.0], [3, 1, -10.0]]
    assert option["visualMap"]["min"] == -option["visualMap"]["max"]
    marks = option["series"][1]["data"]
    assert [(m["value"], m["symbolSize"]) for m in marks] == [([0, 0], [10, 10]), ([3, 0], [10, 2])]
    gaps, _ = versus.heat(made, NAMES, LIGHT, None, {})
    assert gaps["visualMap"]["min"] == 0 and gaps["series"][0]["data"][0]["value"] == [0, 1, 10.0]


def test_the_distribution_starts_at_nobody_and_ends_with_all() -> None:
    figure = versus.distribution([GOOD, RULE], NAMES, LIGHT, RULE.name)
    own, rule = figure.data
    assert list(own.x) == [0.1, 0.1, 0.1, 0.2, 0.3] and list(own.y) == [0, 0.25, 0.5, 0.75, 1.0]
    assert (own.line.dash, rule.line.dash, rule.line.color) == ("solid", "dot", LIGHT.ink)
    assert rule.name == "&lt;i&gt;rule&lt;/i&gt;"


def test_slopes_show_test_only_where_it_was_opened() -> None:
    lines = [versus.Slope(GOOD.name, True, {"train": 0.1, "validation": 0.2}), versus.Slope(RULE.name, False, {"train": 0.3})]
    colour = versus.colours([GOOD, RULE], LIGHT)
    assert versus.slopes(lines, NAMES, LIGHT, colour).layout.xaxis.ticktext == ("train", "validation")
    lines[0] = versus.Slope(GOOD.name, True, {"train": 0.1, "test": 0.2})
    figure = versus.slopes(lines, NAMES, LIGHT, colour)
    assert figure.layout.xaxis.ticktext == ("train", "test") and list(figure.data[1].x) == [0]


def test_programs_have_colours_of_their_own_and_baselines_share_one() -> None:
    found = versus.colours([GOOD, RULE, BAD], LIGHT)
    assert found[RULE.name] == LIGHT.muted and len(set(found.values())) == 3


def test_time_is_told_in_milliseconds() -> None:
    figure = versus.latency([(GOOD.name, 0.002, 0.175)], NAMES, LIGHT, versus.colours([GOOD], LIGHT))
    assert list(figure.data[0].x) == [2.0] and list(figure.data[0].y) == [0.175]


def test_a_rule_that_is_near_is_a_line_beside_the_times_and_a_far_one_is_left_out() -> None:
    colour = versus.colours([GOOD], LIGHT)
    near = versus.latency([(GOOD.name, 0.002, 0.175)], NAMES, LIGHT, colour, RULE)
    assert near.layout.shapes[0].y0 == pytest.approx(RULE.gap) and near.layout.yaxis.range[1] > RULE.gap
    assert not versus.latency([(GOOD.name, 0.002, 0.01)], NAMES, LIGHT, colour, RULE).layout.shapes
    assert not versus.latency([(GOOD.name, 0.002, 0.5)], NAMES, LIGHT, colour, GOOD).layout.shapes


def test_what_is_far_off_neither_flattens_slopes_nor_stretches_the_distribution_nor_the_colours() -> None:
    awful = Contender("awful", None, dict.fromkeys(FAMILY, 50.0), FAMILY)
    lines = [versus.Slope(n, False, {"train": g, "validation": g}) for n, g in (("a", 0.01), ("b", 0.011), ("c", 0.9))]
    names = {"a": "a", "b": "b", "c": "c", awful.name: "awful", **NAMES}
    colour = dict.fromkeys(names, LIGHT.muted)
    assert versus.slopes(lines, names, LIGHT, colour).layout.yaxis.type == "log"
    assert versus.slopes(lines[:2], names, LIGHT, colour).layout.yaxis.type != "log"
    assert versus.distribution([GOOD, RULE, awful], names, LIGHT, RULE.name).layout.xaxis.range[1] < 0.5
    option, _ = versus.heat(versus.arrange([], [RULE, awful]), names, LIGHT, None, {})
    assert option["visualMap"]["max"] < 50


def test_what_was_bought_steps_down_over_dollars_with_a_dot_at_the_program() -> None:
    paid = versus.Paid(GOOD.name, [0.0, 0.1, 0.4], [0.9, 0.5, 0.175], (0.3, 0.175))
    line, dot = versus.bought([paid], NAMES, LIGHT, versus.colours([GOOD], LIGHT)).data
    assert list(line.x) == [0.0, 0.1, 0.4] and line.line.shape == "hv"
    assert (dot.x[0], dot.y[0], dot.mode) == (0.3, 0.175, "markers")
