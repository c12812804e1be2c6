"""Charts of comparisons: every one against data where the answer is known."""

from __future__ import annotations

import pytest

from tests.unit.charted import domain, layers, rows, specification
from workbench.analysis.compare import Contender, compare
from workbench.model import Interval
from workbench.report import comparison_charts as charts
from workbench.report.palette import LIGHT
from workbench.report.vega import svg

FAMILY = {"b1": "big", "s1": "small", "s2": "small", "b2": "big"}
GOOD = Contender("run-7:3", 3, {"b1": 0.1, "s1": 0.2, "s2": 0.3, "b2": 0.1}, FAMILY)
RULE = Contender("<i>rule</i>", None, {"b1": 0.2, "s1": 0.3, "s2": 0.4, "b2": 0.2}, FAMILY)
BAD = Contender("run-8:0", 0, {"b1": 0.9, "s1": 0.8, "s2": 0.9, "b2": 0.8}, FAMILY)
NAMES = {GOOD.name: "7:3", RULE.name: RULE.name, BAD.name: "8:0"}
COLOUR = charts.colours([GOOD, RULE, BAD])


def often(one: Contender) -> Contender:
    """The same on twelve instances, so that a clear difference is more than luck."""
    gaps = {f"{i}{k}": gap for i, gap in one.gaps.items() for k in range(3)}
    return Contender(one.name, one.number, gaps, {i: FAMILY[i[:2]] for i in gaps})


def test_names_are_as_short_as_tells_them_apart() -> None:
    assert charts.short_names(["x-2026-ab:1", "x-2026-cd:1"]) == {"x-2026-ab:1": "ab:1", "x-2026-cd:1": "cd:1"}
    assert charts.short_names(["x-ab:1", "y-ab:1"]) == {"x-ab:1": "x-ab:1", "y-ab:1": "y-ab:1"}


def test_the_forest_has_the_best_on_top_and_its_colour_follows_the_verdict() -> None:
    chart = charts.forest([compare(often(BAD), often(RULE)), compare(often(GOOD), often(RULE))], NAMES)
    found = rows(chart, "circle")
    assert [(row["row"], row["verdict"]) for row in found] == [(0, "better"), (1, "worse")]
    assert found[0]["mean"] == pytest.approx(-10) and found[0]["said"].startswith("7:3: −10.0 pp, ")
    tones = layers(chart, "circle")[0]["encoding"]["color"]["scale"]
    assert dict(zip(tones["domain"], tones["range"], strict=True))["worse"] == LIGHT.worse
    assert domain(chart, "y") == [0, 1]
    others = charts.forest([compare(GOOD, RULE)], NAMES, against=True)
    assert layers(others, "circle")[0]["encoding"]["y"]["axis"]["labelExpr"] == '["<i>rule</i>"][datum.value]'


def test_the_forest_keeps_what_is_far_off_from_flattening_the_rest_and_tells_it_in_words() -> None:
    near, far = Interval(-0.02, -0.03, -0.01), Interval(0.9, 0.8, 1.0)
    low, high = charts.window([near, near, far])
    assert low == pytest.approx(-0.03 * 1.08) and 0 < high < 0.01
    low, high = charts.window([near, far])
    assert low < -0.03 and high > 1.0
    assert charts.window([Interval(0.0, 0.0, 0.0)]) == pytest.approx((-1e-4, 1e-4))
    close = Contender("close", 1, {i: gap + 0.01 * k for k, (i, gap) in enumerate(RULE.gaps.items())}, FAMILY)
    names = {**NAMES, "close": "close"}
    found = rows(charts.forest([compare(close, RULE), compare(close, RULE), compare(BAD, RULE)], names), "circle")
    assert [(row["place"], row["figure"]) for row in found if row["place"] != "in"] == [("right", "+57.5 pp →")]


def test_the_map_groups_families_and_pins_baselines_below_their_band() -> None:
    made = charts.arrange([GOOD, BAD], [RULE])
    assert made.rows == [GOOD, BAD, None, RULE]
    assert made.columns == ["b1", "b2", None, "s1", "s2"]
    assert made.families == ["big", "", "", "small", ""]
    assert charts.arrange([GOOD], []).rows == [GOOD]
    assert charts.arrange([], [RULE]).rows == [RULE], "alone, baselines need no band"


def test_cells_hold_differences_or_gaps_and_a_click_selects_one() -> None:
    made = charts.arrange([GOOD, BAD], [RULE])
    chart = charts.heat(made, NAMES, LIGHT, RULE, {"b1": "optimal", "s1": "best_known"})
    cells = rows(chart, "rect")
    assert len(cells) == 12
    first = [(cell["column"], cell["row"], cell["who"], cell["instance"]) for cell in cells[:3]]
    assert first == [(0, 1, GOOD.name, "b1"), (1, 1, GOOD.name, "b2"), (3, 1, GOOD.name, "s1")]
    assert [cell["value"] for cell in cells[:3]] == pytest.approx([-0.1] * 3)
    scale = layers(chart, "rect")[0]["encoding"]["color"]["scale"]
    assert scale["domain"][0] == -scale["domain"][2] and scale["range"] == [LIGHT.better, LIGHT.paper, LIGHT.worse]
    (clicked,) = [param for param in specification(chart)["params"] if param["name"] == "pick"]
    assert clicked["select"]["fields"] == ["who", "instance"]
    assert "the reference is best known" in svg(chart, "x")
    gaps = charts.heat(made, NAMES)
    assert layers(gaps, "rect")[0]["encoding"]["color"]["scale"]["domain"][0] == 0
    assert rows(gaps, "rect")[0]["said"] == "7:3 on b1 (big): 10.0%"


def test_the_distribution_starts_at_nobody_and_ends_with_all() -> None:
    chart = charts.distribution([GOOD, RULE], NAMES, LIGHT, RULE.name)
    own = rows(chart, "line", who=GOOD.name)
    assert [(row["gap"], row["share"]) for row in own[1:-1]] == [(0.1, 0.25), (0.1, 0.5), (0.2, 0.75), (0.3, 1.0)]
    assert own[0]["share"] == 0 and own[-1]["share"] == 1
    assert {(row["who"], row["kind"]) for row in rows(chart, "line")} == {(GOOD.name, "program"), (RULE.name, "baseline")}
    tones = layers(chart, "line")[0]["encoding"]["color"]["scale"]
    assert dict(zip(tones["domain"], tones["range"], strict=True))[RULE.name] == LIGHT.ink
    named = charts.distribution([GOOD, RULE], NAMES, named=True)
    axis = layers(named, "circle")[0]["encoding"]["y"]["axis"]
    assert axis["orient"] == "right" and len(axis["values"]) == 2


def test_slopes_show_test_only_where_it_was_opened() -> None:
    lines = [charts.Slope(GOOD.name, True, {"train": 0.1, "validation": 0.2}), charts.Slope(RULE.name, False, {"train": 0.3})]
    assert domain(charts.slopes(lines, NAMES, LIGHT, COLOUR), "x") == ["train", "validation"]
    lines[0] = charts.Slope(GOOD.name, True, {"train": 0.1, "test": 0.2})
    chart = charts.slopes(lines, NAMES, LIGHT, COLOUR)
    assert domain(chart, "x") == ["train", "test"]
    assert [row["split"] for row in rows(chart, "line", who=RULE.name)] == ["train"]


def test_programs_have_colours_of_their_own_and_baselines_share_one() -> None:
    assert COLOUR[RULE.name] == LIGHT.muted and len(set(COLOUR.values())) == 3


def test_a_rule_that_is_near_is_a_line_beside_the_times_and_a_far_one_is_left_out() -> None:
    near = charts.latency([charts.Timed(GOOD.name, 0.002, 0.175)], NAMES, LIGHT, COLOUR, RULE)
    assert [(row["ms"], row["gap"]) for row in rows(near, "circle")] == [(2.0, 0.175)]
    assert rows(near, "rule")[0]["gap"] == pytest.approx(RULE.gap) and domain(near, "y")[1] > RULE.gap
    assert not layers(charts.latency([charts.Timed(GOOD.name, 0.002, 0.01)], NAMES, LIGHT, COLOUR, RULE), "rule")
    assert not layers(charts.latency([charts.Timed(GOOD.name, 0.002, 0.5)], NAMES, LIGHT, COLOUR, GOOD), "rule")


def test_what_is_far_off_neither_flattens_slopes_nor_stretches_the_distribution_nor_the_colours() -> None:
    awful = Contender("awful", None, dict.fromkeys(FAMILY, 50.0), FAMILY)
    lines = [charts.Slope(n, False, {"train": g, "validation": g}) for n, g in (("a", 0.01), ("b", 0.011), ("c", 0.9))]
    names = {"a": "a", "b": "b", "c": "c", awful.name: "awful", **NAMES}
    colour = dict.fromkeys(names, LIGHT.muted)

    def kind(shown: list[charts.Slope]) -> str:
        return str(layers(charts.slopes(shown, names, LIGHT, colour), "line")[0]["encoding"]["y"]["scale"].get("type", "linear"))

    assert (kind(lines), kind(lines[:2])) == ("log", "linear")
    assert domain(charts.distribution([GOOD, RULE, awful], names, LIGHT, RULE.name), "x")[1] < 0.5
    assert domain(charts.heat(charts.arrange([], [RULE, awful]), names), "color")[1] < 50


def test_what_was_bought_steps_down_over_dollars_with_a_dot_at_the_program() -> None:
    chart = charts.bought([charts.Paid(GOOD.name, [0.0, 0.1, 0.4], [0.9, 0.5, 0.175], (0.3, 0.175))], NAMES, LIGHT, COLOUR)
    assert [row["usd"] for row in rows(chart, "line")] == [0.0, 0.1, 0.4]
    assert layers(chart, "line")[0]["mark"]["interpolate"] == "step-after"
    assert [(row["usd"], row["gap"]) for row in rows(chart, "circle")] == [(0.3, 0.175)]
