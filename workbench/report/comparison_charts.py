"""Charts of comparisons, for pages and reports: pure functions from contenders to Altair charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import altair as alt
import pandas as pd

from workbench.analysis.compare import Comparison, Contender, Standing, within
from workbench.formatting import dollars, percent, points, span
from workbench.model import Interval
from workbench.report.palette import LIGHT, Palette
from workbench.report.vega import (
    AtX,
    either,
    far_apart,
    gap_axis,
    gap_scale,
    gradient,
    gradient_legend,
    hover,
    labels,
    pick,
    picked,
    themed,
    worded,
)

BAND = "BASELINES"
NAMED = 60
"""Maximum number of instances whose names are shown below the heat map."""
ROW = 24
"""Height of a row of the heat map, in pixels."""
SMALL = 220
"""Height of the plot of a chart beside others, in pixels."""


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return short names of programs: the end of the run's ID with the number, if that is unambiguous."""
    short = {name: name.rpartition("-")[2] for name in names}
    seen = list(short.values())
    return {name: label if seen.count(label) == 1 else name for name, label in short.items()}


def colours(contenders: Sequence[Contender], palette: Palette = LIGHT) -> dict[str, str]:
    """Return a colour for each program, and one for all baselines."""
    programs = [c.name for c in contenders if c.number is not None]
    found = {name: palette.series[k % len(palette.series)] for k, name in enumerate(programs)}
    return {c.name: found.get(c.name, palette.muted) for c in contenders}


# --------------------------------------------------------------------------- differences


def forest(
    comparisons: Sequence[Comparison], names: Mapping[str, str], palette: Palette = LIGHT, *, against: bool = False,
    width: int = 760,
) -> alt.LayerChart:  # fmt: skip
    """Chart mean paired differences with their intervals, best on top, with a vertical line at 0.

    Better is blue, worse orange, an interval that contains 0 muted. Outliers are written as numbers at the edge.

    Parameters
    ----------
    against
        Name rows after the program compared with, not after the program itself.
    """
    ordered = sorted(comparisons, key=lambda c: c.difference.mean)
    low, high = (edge * 100 for edge in window([c.difference for c in ordered]))
    rows = []
    for k, c in enumerate(ordered):
        mean, figure = c.difference.mean * 100, points(c.difference.mean)
        place = "left" if mean < low else "right" if mean > high else "in"
        rows.append(
            {"row": k, "mean": mean, "low": c.difference.low * 100, "high": c.difference.high * 100, "verdict": c.verdict.value,
             "place": place, "figure": f"← {figure}" if place == "left" else f"{figure} →",
             "said": f"{names[_whom(c, against)]}: {figure}, {span(*c.difference[1:])}, {c.verdict}"}
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    tones = [palette.better, palette.worse, palette.muted, palette.muted]
    verdicts = [Standing.BETTER.value, Standing.WORSE.value, Standing.UNCLEAR.value, Standing.SAME.value]
    colour = alt.Color("verdict:N", scale=alt.Scale(domain=verdicts, range=tones), legend=None)
    scale = alt.Scale(domain=[low, high], nice=False)
    title = "Difference of mean gaps in percentage points (left of 0: better)"
    said = worded([names[_whom(c, against)] for c in ordered])
    y = alt.Y("row:O", scale=alt.Scale(domain=list(range(len(rows)))),
              axis=alt.Axis(title=None, labelExpr=said, labelColor=palette.ink))  # fmt: skip
    inside = alt.Chart(frame).transform_filter(alt.datum["place"] == "in")
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=palette.muted, strokeWidth=1.5)
    layers: list[alt.Chart] = [
        zero.encode(alt.X("at:Q", scale=scale, title=title)),
        inside.mark_rule(strokeWidth=2, clip=True).encode(alt.X("low:Q", scale=scale, title=title), y, colour, alt.X2("high:Q")),
        inside.mark_circle(size=90, opacity=1).encode(alt.X("mean:Q", scale=scale, title=title), y, colour, **hover("said")),
    ]
    out = alt.Chart(frame).encode(y, colour, alt.Text("figure:N"), **hover("said"))
    layers += [
        out.transform_filter(alt.datum["place"] == "left").mark_text(align="left", dx=4).encode(AtX(0)),
        out.transform_filter(alt.datum["place"] == "right").mark_text(align="right", dx=-4).encode(AtX("width")),
    ]
    return themed(layers, palette, 30 * max(3, len(rows)), width)


def _whom(c: Comparison, against: bool) -> str:
    return c.against if against else c.name


def window(differences: Sequence[Interval]) -> tuple[float, float]:
    """Return limits of the axis that show 0 and all intervals, except outliers that would compress the others."""
    sizes = sorted(max(abs(d.low), abs(d.high)) for d in differences)
    most = 3 * sizes[len(sizes) // 2] if sizes else 0.0
    seen = [d for d in differences if abs(d.mean) <= most]
    low, high = min([0.0, *(d.low for d in seen)]), max([0.0, *(d.high for d in seen)])
    room = max((high - low) * 0.08, 1e-4)
    return low - room, high + room


# --------------------------------------------------------------------------- instances


class Map(NamedTuple):
    """Rows and columns of a heat map: contenders (None: separator) and instances (None: space)."""

    rows: list[Contender | None]
    columns: list[str | None]
    families: list[str]


def arrange(programs: Sequence[Contender], baselines: Sequence[Contender]) -> Map:
    """Arrange programs above baselines, with a separator, and instances by class, with a space between classes."""
    first = [*programs, *baselines][0]
    ordered = sorted(first.gaps, key=lambda i: list(dict.fromkeys(first.families.values())).index(first.families[i]))
    columns: list[str | None] = []
    families: list[str] = []
    for family, members in groupby(ordered, key=first.families.__getitem__):
        ids = list(members)
        if columns:
            columns.append(None)
            families.append("")
        columns += ids
        families += [family if k == (len(ids) - 1) // 2 else "" for k in range(len(ids))]
    return Map([*programs, *([None, *baselines] if baselines and programs else baselines)], columns, families)


def heat(
    made: Map, names: Mapping[str, str], palette: Palette = LIGHT, against: Contender | None = None,
    kinds: Mapping[str, str] | None = None, *, width: int = 760,
) -> alt.LayerChart:  # fmt: skip
    """Chart the gap (Viridis) or the difference to `against` (blue better, orange worse) by instance; a click selects a cell.

    Parameters
    ----------
    kinds
        Kind of each instance's reference, shown as a mark above the map: filled for a proven optimum (`optimal`), hollow for
        a proven bound (`bound`), a dash for a best-known solution.
    """
    cells = [
        {"column": c, "row": r, "who": row.name, "instance": id,
         "value": (value := row.gaps[id] - (against.gaps[id] if against else 0.0)),
         "said": f"{names[row.name]} on {id} ({row.families[id]}): {points(value) if against else percent(value)}"}
        for r, row in enumerate(made.rows, 1) if row is not None for c, id in enumerate(made.columns) if id is not None
    ]  # fmt: skip
    high = _scale_end(made, cells)
    rows = range(0 if kinds else 1, len(made.rows) + 1)
    ticks = ["reference", *(BAND if row is None else names[row.name] for row in made.rows)]
    x = alt.X("column:O", scale=alt.Scale(domain=list(range(len(made.columns))), paddingInner=0), axis=alt.Axis(
        title=None, labelExpr=worded([c or "" for c in made.columns]), labelAngle=-50, labels=len(made.columns) <= NAMED,
        ticks=False, domain=False, labelOverlap=False, labelLimit=160))  # fmt: skip
    y = alt.Y("row:O", scale=alt.Scale(domain=list(rows), paddingInner=0), axis=alt.Axis(
        title=None, labelExpr=worded(ticks), labelColor=palette.ink, ticks=False, domain=False, labelOverlap=False))  # fmt: skip
    if against:
        scale = alt.Scale(
            domain=[-high, 0, high], range=[palette.better, palette.paper, palette.worse], interpolate="rgb", clamp=True
        )
        legend = gradient_legend("difference", "+.3~p")
    else:
        scale, legend = gradient(0.0, high), gradient_legend("gap")
    line = palette.grid if against else palette.paper
    layers = [
        alt.Chart(pd.DataFrame(cells), name="cells").mark_rect(cursor="pointer").encode(
            x, y, alt.Color("value:Q", scale=scale, legend=legend),
            picked(alt.StrokeValue, palette.ink, line), picked(alt.StrokeWidthValue, 3, 1), **hover("said"),
        ).add_params(pick("who", "instance")),
        _families(made, palette),
    ]  # fmt: skip
    if kinds:
        layers += _references(made, kinds, palette)
    return themed(layers, palette, ROW * len(rows), width, apart="x")


def _scale_end(made: Map, cells: Sequence[Mapping[str, object]]) -> float:
    """Return the end of the colour scale; far worse programs may exceed it, so that the others stay distinguishable."""
    who = [row for row in made.rows if row is not None]
    better = [c for c in who if c.number is not None] or sorted(who, key=lambda c: c.gap)[: (len(who) + 1) // 2]
    names = {c.name for c in better}
    values = sorted(abs(float(str(cell["value"]))) for cell in cells if cell["who"] in names) or [0.0]
    return max(values[int(0.95 * (len(values) - 1))], 1e-6)


def _families(made: Map, palette: Palette) -> alt.Chart:
    """Names of the instance classes, above their instances."""
    at = [k for k, family in enumerate(made.families) if family]
    axis = alt.Axis(orient="top", title=None, values=at, labelExpr=worded(made.families), labelAngle=0, ticks=False, domain=False,
                    labelColor=palette.ink, labelOverlap="greedy")  # fmt: skip
    x = alt.X("column:O", scale=alt.Scale(domain=list(range(len(made.columns)))), axis=axis)
    found: alt.Chart = alt.Chart(pd.DataFrame({"column": at})).mark_point(opacity=0).encode(x)
    return found


def _references(made: Map, kinds: Mapping[str, str], palette: Palette) -> list[alt.Chart]:
    """Kinds of the references, as a row of marks."""
    marks = [{"column": c, "row": 0, "kind": kinds[id], "said": f"{id}: the reference is {kinds[id].replace('_', ' ')}"}
             for c, id in enumerate(made.columns) if id is not None and id in kinds]  # fmt: skip
    base = alt.Chart(pd.DataFrame(marks, columns=["column", "row", "kind", "said"]))
    x, y = alt.X("column:O", axis=None), alt.Y("row:O")
    side = max(9, min(90, int((560 / len(made.columns)) ** 2)))
    proven = base.transform_filter(alt.datum["kind"] == "optimal").mark_point(shape="square", filled=True, opacity=1)
    bound = base.transform_filter(alt.datum["kind"] == "bound").mark_point(shape="square", filled=False, opacity=1)
    known = base.transform_filter((alt.datum["kind"] != "optimal") & (alt.datum["kind"] != "bound")).mark_point(
        shape="stroke", strokeWidth=2, opacity=1)  # fmt: skip
    return [
        mark.encode(x, y, alt.ColorValue(tone), alt.SizeValue(side), **hover("said"))
        for mark, tone in ((proven, palette.bound), (bound, palette.bound), (known, palette.muted))
    ]


# --------------------------------------------------------------------------- distributions


def distribution(
    contenders: Sequence[Contender], names: Mapping[str, str], palette: Palette = LIGHT, against: str = "", *, named: bool = False,
    height: int = SMALL, width: int = 760,
) -> alt.LayerChart:  # fmt: skip
    """Chart the share of instances within a gap: programs solid, baselines dotted, the one named `against` in ink.

    The axis covers all programs and `against`; other baselines may exceed it.

    Parameters
    ----------
    named
        Write each name at the end of its line, for a chart without a legend.
    """
    colour = colours(contenders, palette)
    colour |= {c.name: palette.ink for c in contenders if c.name == against and c.number is None}
    low = min(0.0, *(min(c.gaps.values()) for c in contenders))
    seen = [c for c in contenders if c.number is not None or c.name == against] or contenders
    high = max(*(max(c.gaps.values()) for c in seen), 1e-6)
    room = (high - low) * 0.04
    rows, ends = [], []
    for c in contenders:
        gaps, shares = within(c)
        steps = list(zip([low - room, *gaps, max(high + room, gaps[-1])], [0.0, *shares, 1.0], strict=True))
        ends.append(max(share for gap, share in steps if gap <= high + room))
        rows += [{"who": c.name, "gap": gap, "share": share, "strong": c.number is not None or c.name == against,
                  "kind": "program" if c.number is not None else "baseline",
                  "said": f"{names[c.name]}: {share:.0%} within {percent(gap)}"} for gap, share in steps]  # fmt: skip
    order = [c.name for c in contenders]
    tail = labels([names[name] for name in order], ends, [colour[name] for name in order], (0, 1.03), height) if named else None
    scale = alt.Scale(domain=[0, 1.03], nice=False)
    quarters = alt.Axis(title="Share of instances", format=".0%", values=[0, 0.25, 0.5, 0.75, 1])
    base = alt.Chart(pd.DataFrame(rows)).encode(
        alt.X("gap:Q", scale=alt.Scale(domain=[low - room, high + room], nice=False),
              axis=gap_axis("Gap within", low, high, grid=False)),
        _tones(order, colour),
    )  # fmt: skip
    layers = [
        base.mark_line(interpolate="step-after", clip=True).encode(
            alt.Y("share:Q", scale=scale, axis=quarters), _dashes(),
            either(alt.StrokeWidthValue, "datum.strong", 2, 1.2)),
        base.mark_circle(size=60, opacity=0, clip=True).encode(  # invisible target for the pointer
            alt.Y("share:Q", scale=scale, axis=tail), **hover("said")),
    ]  # fmt: skip
    return themed(layers, palette, height, width, apart="y")


def _dashes() -> alt.StrokeDash:
    """Solid lines for programs, dotted ones for baselines."""
    return alt.StrokeDash("kind:N", scale=alt.Scale(domain=["program", "baseline"], range=[[1, 0], [2, 3]]), legend=None)


def _tones(order: Sequence[str], colour: Mapping[str, str]) -> alt.Color:
    """Return the colour of each contender."""
    return alt.Color("who:N", scale=alt.Scale(domain=list(order), range=[colour[name] for name in order]), legend=None)


class Slope(NamedTuple):
    """Gaps of a contender by split, without splits it was not evaluated on."""

    name: str
    program: bool
    gaps: Mapping[str, float]


def slopes(
    lines: Sequence[Slope], names: Mapping[str, str], palette: Palette, colour: Mapping[str, str], *, height: int = SMALL,
    width: int = 380,
) -> alt.LayerChart:  # fmt: skip
    """Chart the gap on train, validation and test (if certified); a line that rises to the right indicates overfitting."""
    splits = [s for s in ("train", "validation", "test") if any(s in line.gaps for line in lines)]
    gaps = [gap for line in lines for gap in line.gaps.values()]
    log = min(gaps, default=0.0) > 0 and far_apart(gaps)  # outliers would compress the others into one line
    low, high = min([0.0, *gaps]), max([*gaps, 1e-6])
    domain = (min(gaps) * 0.85, high * 1.15) if log else (low, high * 1.06)
    rows = [
        {"who": line.name, "split": s, "gap": line.gaps[s], "kind": "program" if line.program else "baseline",
         "said": f"{names[line.name]}, {s}: {percent(line.gaps[s])}"}
        for line in lines for s in splits if s in line.gaps
    ]  # fmt: skip
    order = [line.name for line in lines]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        alt.X("split:O", scale=alt.Scale(domain=splits, type="point", padding=0.25), axis=alt.Axis(title=None, labelAngle=0)),
        alt.Y("gap:Q", scale=gap_scale(*domain, log=log),
              axis=gap_axis("Mean gap (logarithmic)" if log else "Mean gap", low, high, log=log)),
        _tones(order, colour),
    )  # fmt: skip
    own = "datum.kind === 'program'"
    return themed([
        base.mark_line().encode(
            _dashes(), either(alt.StrokeWidthValue, own, 2, 1.2)),
        base.mark_circle(opacity=1).encode(either(alt.SizeValue, own, 70, 28), **hover("said")),
    ], palette, height, width)  # fmt: skip


# --------------------------------------------------------------------------- costs


class Timed(NamedTuple):
    """Mean seconds per instance of a program, and its gap."""

    name: str
    seconds: float
    gap: float


def latency(
    found: Sequence[Timed], names: Mapping[str, str], palette: Palette, colour: Mapping[str, str], base: Contender | None = None,
    *, height: int = SMALL, width: int = 380,
) -> alt.LayerChart:  # fmt: skip
    """Chart gap against time per instance, with `base` as a line if it is a baseline within range."""
    high = max([one.gap for one in found], default=1.0)
    # A line because baselines are not timed; only within range, because a far one would compress the points.
    near = base is not None and base.number is None and 0 <= base.gap <= 4 * high
    high = max(high, base.gap) if base is not None and near else high
    rows = [
        {"who": one.name, "ms": one.seconds * 1000, "gap": one.gap,
         "said": f"{names[one.name]}: {percent(one.gap)} in {one.seconds * 1000:.3g} ms per instance"}
        for one in found
    ]  # fmt: skip
    slowest = max([one.seconds * 1000 for one in found], default=1.0)
    scale = alt.Scale(domain=[0, high * 1.1 or 1.0], nice=False)
    y = alt.Y("gap:Q", scale=scale, axis=gap_axis("Mean gap", 0, high))
    layers = [alt.Chart(pd.DataFrame(rows, columns=["who", "ms", "gap", "said"])).mark_circle(size=110, opacity=1).encode(
        alt.X("ms:Q", title="Milliseconds per instance", scale=alt.Scale(domain=[0, slowest * 1.1], nice=False)), y,
        _tones([one.name for one in found], colour), **hover("said"))]  # fmt: skip
    if base is not None and near:
        line = alt.Chart(pd.DataFrame({"gap": [base.gap], "said": [f"{base.name}: {percent(base.gap)}"]}))
        layers.insert(0, line.mark_rule(color=palette.ink, strokeWidth=1.4, strokeDash=[2, 3]).encode(y, **hover("said")))
    return themed(layers, palette, height, width)


class Paid(NamedTuple):
    """Dollars spent on models at each improvement of the best train gap of a run, and the program's point on that curve."""

    name: str
    dollars: Sequence[float]
    gaps: Sequence[float]
    at: tuple[float, float]


def bought(
    found: Sequence[Paid], names: Mapping[str, str], palette: Palette, colour: Mapping[str, str], *, height: int = SMALL,
    width: int = 380,
) -> alt.LayerChart:  # fmt: skip
    """Chart the best train gap against dollars spent on models, with a dot at each program."""
    gaps = [gap for paid in found for gap in paid.gaps]
    log = min(gaps, default=0.0) > 0 and max(gaps) > 12 * min(gaps)
    low, high = min([0.0, *gaps]), max([*gaps, 1e-6])
    domain = (min(gaps) * 0.85, high * 1.15) if log else (low, high * 1.06)
    x = alt.X("usd:Q", title="Dollars spent on models", axis=alt.Axis(format="$~f", grid=False), scale=alt.Scale(padding=8))
    y = alt.Y("gap:Q", scale=gap_scale(*domain, log=log),
              axis=gap_axis(f"Best train gap{' (logarithmic)' if log else ''}", low, high, log=log))  # fmt: skip
    tone = _tones([paid.name for paid in found], colour)
    steps = [{"who": paid.name, "usd": usd, "gap": gap} for paid in found for usd, gap in zip(paid.dollars, paid.gaps, strict=True)]
    dots = [
        {"who": paid.name, "usd": paid.at[0], "gap": paid.at[1],
         "said": f"{names[paid.name]}: {percent(paid.at[1])} on train for {dollars(paid.at[0])}"}
        for paid in found
    ]  # fmt: skip
    return themed([
        alt.Chart(pd.DataFrame(steps)).mark_line(interpolate="step-after", strokeWidth=2).encode(x, y, tone),
        alt.Chart(pd.DataFrame(dots)).mark_circle(size=110, opacity=1).encode(x, y, tone, **hover("said")),
    ], palette, height, width)  # fmt: skip
