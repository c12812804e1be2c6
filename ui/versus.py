"""Figures of the Compare page: pure functions from contenders to Plotly figures and ECharts options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import plotly.graph_objects as go

from ui.charts import AS_SAID, layout, plain
from workbench.analysis.compare import Comparison, Contender, within
from workbench.formatting import percent, points, span
from workbench.model import Interval
from workbench.report.charts import far_apart
from workbench.report.palette import VIRIDIS, Palette

LONGEST = 26
"""Characters of a name on an axis; all of it is in the tooltip."""
BAND = "baselines"
NAMED = 60
"""So many instances have their names below the heat map."""


def labels(names: Sequence[str]) -> dict[str, str]:
    """Short names of programs: the end of the run's id with the number, where that is enough to tell them apart."""
    short = {name: name.rpartition("-")[2] for name in names}
    seen = list(short.values())
    return {name: label if seen.count(label) == 1 else name for name, label in short.items()}


def cut(name: str) -> str:
    """A name as an axis can take it."""
    return plain(name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…")


def colours(contenders: Sequence[Contender], palette: Palette) -> dict[str, str]:
    """A colour of its own for each program, one for all baselines."""
    programs = [c.name for c in contenders if c.number is not None]
    found = {name: palette.series[k % len(palette.series)] for k, name in enumerate(programs)}
    return {c.name: found.get(c.name, palette.muted) for c in contenders}


def forest(comparisons: Sequence[Comparison], names: Mapping[str, str], palette: Palette) -> go.Figure:
    """Mean paired differences with their intervals, best on top, against a vertical line at 0.

    Better is blue, worse orange; an interval that holds 0 is muted.
    """
    tones = {"better": palette.better, "worse": palette.worse}
    figure = go.Figure()
    ordered = sorted(comparisons, key=lambda c: c.difference.mean)
    ticks = [cut(names[c.name]) for c in ordered]
    for verdict in dict.fromkeys(c.verdict for c in ordered):
        rows = [k for k, c in enumerate(ordered) if c.verdict == verdict]
        shown = [ordered[k] for k in rows]
        colour = tones.get(verdict, palette.muted)
        figure.add_trace(
            go.Scatter(
                x=[c.difference.mean * 100 for c in shown], y=rows, mode="markers", name=verdict, showlegend=False,
                marker={"color": colour, "size": 10},
                error_x={"type": "data", "symmetric": False, "color": colour, "thickness": 1.6, "width": 5,
                         "array": [(c.difference.high - c.difference.mean) * 100 for c in shown],
                         "arrayminus": [(c.difference.mean - c.difference.low) * 100 for c in shown]},
                text=[f"{plain(names[c.name])}: {points(c.difference.mean)}, "
                      f"{span(*c.difference[1:])}, {verdict}" for c in shown],
                hovertemplate="%{text}<extra></extra>",
            )
        )  # fmt: skip
    low, high = window([c.difference for c in ordered])
    for k, c in enumerate(ordered):
        if not low <= c.difference.mean <= high:
            right = c.difference.mean > high
            figure.add_annotation(
                x=1 if right else 0, xref="paper", xanchor="right" if right else "left", y=k, showarrow=False,
                text=f"{points(c.difference.mean)} →" if right else f"← {points(c.difference.mean)}",
                font={"color": tones.get(c.verdict, palette.muted), "size": 12},
            )  # fmt: skip
    figure.add_vline(x=0, line={"color": palette.muted, "width": 1.5}, layer="below")
    layout(figure, palette, 70 + 30 * max(3, len(ordered)))
    figure.update_xaxes(range=[low * 100, high * 100])
    figure.update_yaxes(tickvals=list(range(len(ordered))), ticktext=ticks, range=[len(ordered) - 0.4, -0.6], automargin=True)
    figure.update_xaxes(title_text="difference of gaps in percentage points (left: better)", ticksuffix="")
    return figure


def window(differences: Sequence[Interval]) -> tuple[float, float]:
    """The part of the axis worth seeing: 0 and all intervals, but those far beyond the middle one would flatten the others."""
    sizes = sorted(max(abs(d.low), abs(d.high)) for d in differences)
    most = 3 * sizes[len(sizes) // 2] if sizes else 0.0
    seen = [d for d in differences if abs(d.mean) <= most]
    low, high = min([0.0, *(d.low for d in seen)]), max([0.0, *(d.high for d in seen)])
    room = max((high - low) * 0.08, 1e-4)
    return low - room, high + room


class Map(NamedTuple):
    """Rows and columns of a heat map: contenders (None: a band between them) and instances (None: a space)."""

    rows: list[Contender | None]
    columns: list[str | None]
    families: list[str]


def arrange(programs: Sequence[Contender], baselines: Sequence[Contender]) -> Map:
    """Programs above, baselines pinned below a band of their own; instances grouped by family with a space between."""
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
    return Map([*programs, *([None, *baselines] if baselines else [])], columns, families)


def below(made: Map) -> int:
    """Pixels that the instances' names take below a map; little where there are too many to name."""
    return 20 + int(5.2 * max((len(c) for c in made.columns if c), default=0)) if len(made.columns) <= NAMED else 12


def height(made: Map) -> int:
    """Pixels of a whole map."""
    return 44 + 24 * (len(made.rows) + 1) + below(made)


def heat(
    made: Map, names: Mapping[str, str], palette: Palette, against: Contender | None, kinds: Mapping[str, str]
) -> tuple[dict[str, Any], list[tuple[Contender, str]]]:
    """ECharts option of gap (Viridis) or of difference to `against` (blue better, orange worse) by instance.

    Above the map one mark an instance says what the reference is: filled, proven optimal; hollow, a proven bound; a dash,
    the best known.

    Returns
    -------
    The option, and contender and instance of each cell in the order of its data, for selections.
    """
    rows: list[Contender | None] = made.rows
    ticks = ["reference", *(BAND.upper() if row is None else cut(names[row.name]) for row in rows)]
    cells, places = [], []
    for r, row in enumerate(rows):
        for c, id in enumerate(made.columns):
            if row is None or id is None:
                continue
            value = row.gaps[id] - (against.gaps[id] if against else 0.0)
            told = points(value) if against else percent(value)
            cells.append({"value": [c, r + 1, round(value * 100, 4)], "name": f"{names[row.name]} on {id}: {told}"})
            places.append((row, id))
    # Rules that are far off would leave no colour to tell the others apart: they may go beyond the scale.
    who = [row for row in rows if row is not None]
    better = [c for c in who if c.number is not None] or sorted(who, key=lambda c: c.gap)[: (len(who) + 1) // 2]
    own = [k for k, (row, _) in enumerate(places) if row in better]
    values = sorted(abs(cells[k]["value"][2]) for k in own) or [0.0]
    high = max(values[int(0.95 * (len(values) - 1))], 1e-6)
    scale = {"min": -high, "max": high} if against else {"min": 0.0, "max": high}
    ramp = [palette.better, palette.paper, palette.worse] if against else list(VIRIDIS)
    axis = {"type": "category", "axisTick": {"show": False}, "axisLine": {"show": False}, "splitLine": {"show": False}}
    label = {"color": palette.muted, "interval": 0, "fontSize": 12}
    named = below(made) > 12
    marks = {"optimal": ("rect", palette.bound, palette.bound), "bound": ("rect", "transparent", palette.bound)}
    side = max(3, min(10, 560 // len(made.columns)))
    reference = []
    for c, id in enumerate(made.columns):
        if id is not None and kinds.get(id):
            symbol, fill, edge = marks.get(kinds[id], ("rect", palette.muted, palette.muted))
            size = [side, side] if kinds[id] in marks else [side, 2]
            told = f"{id}: the reference is {kinds[id].replace('_', ' ')}"
            style = {"color": fill, "borderColor": edge, "borderWidth": 1.5}
            reference.append({"value": [c, 0], "name": told, "symbol": symbol, "symbolSize": size, "itemStyle": style})
    left = 24 + 6.4 * max(map(len, ticks))
    return {
        "animation": False,
        "grid": {"left": left, "right": 96, "top": 26, "bottom": below(made), **AS_SAID},
        "tooltip": {"formatter": "{b}", "confine": True},
        "xAxis": [
            {**axis, "data": [id or "" for id in made.columns], "axisLabel": {**label, "rotate": 50, "show": named}},
            {**axis, "data": made.families, "position": "top", "axisLabel": {**label, "color": palette.ink}},
        ],
        "yAxis": {**axis, "data": ticks, "inverse": True, "axisLabel": label},
        "visualMap": {
            **scale, "dimension": 2, "seriesIndex": 0, "calculable": True, "right": 0, "top": "middle", "precision": 1,
            "itemHeight": 140, "textStyle": {"color": palette.muted}, "inRange": {"color": ramp},
            "text": ["worse, pp" if against else "gap %", "better" if against else ""],
        },
        "series": [
            {
                "type": "heatmap", "selectedMode": "single", "data": cells, "progressive": 0,
                "itemStyle": {"borderColor": palette.grid if against else palette.paper, "borderWidth": 1},
                "select": {"itemStyle": {"borderColor": palette.ink, "borderWidth": 3}},
                "emphasis": {"itemStyle": {"borderColor": palette.ink, "borderWidth": 2}},
            },
            {"type": "scatter", "data": reference, "silent": False, "z": 3},
        ],
    }, places  # fmt: skip


def distribution(
    contenders: Sequence[Contender], names: Mapping[str, str], palette: Palette, against: str, *, height: int = 280
) -> go.Figure:
    """Share of instances within a gap: programs solid, baselines dotted, the chosen one in ink.

    The axis ends where all programs and the chosen one have all of theirs: a rule that is far off leaves it.
    """
    figure = go.Figure()
    colour = colours(contenders, palette)
    for c in contenders:
        gaps, shares = within(c)
        line = {"shape": "hv", "width": 2 if c.number is not None or c.name == against else 1.2,
                "dash": "solid" if c.number is not None else "dot",
                "color": palette.ink if c.name == against and c.number is None else colour[c.name]}  # fmt: skip
        figure.add_trace(
            go.Scatter(
                x=[gaps[0], *gaps], y=[0, *shares], mode="lines", line=line, name=plain(names[c.name]), showlegend=False,
                hovertemplate=f"{plain(names[c.name])}: %{{y:.0%}} within %{{x:.2%}}<extra></extra>",
            )
        )  # fmt: skip
    layout(figure, palette, height)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.03], title_text="share of instances")
    seen = [c for c in contenders if c.number is not None or c.name == against] or contenders
    low = min(0.0, *(min(c.gaps.values()) for c in contenders))
    high = max(*(max(c.gaps.values()) for c in seen), 1e-6)
    room = (high - low) * 0.04
    figure.update_xaxes(tickformat=".0%" if high > 0.2 else ".1%", title_text="gap within", range=[low - room, high + room])
    return figure


class Slope(NamedTuple):
    """Mean gaps of one contender by split; a split that was not scored is left out."""

    name: str
    program: bool
    gaps: Mapping[str, float]


def slopes(
    lines: Sequence[Slope], names: Mapping[str, str], palette: Palette, colour: Mapping[str, str], *, height: int = 280
) -> go.Figure:
    """Mean gap from train over validation to test (where that has been opened): what rises to the right was learnt by heart."""
    figure = go.Figure()
    splits = [s for s in ("train", "validation", "test") if any(s in line.gaps for line in lines)]
    for line in lines:
        shown = [s for s in splits if s in line.gaps]
        figure.add_trace(
            go.Scatter(
                x=[splits.index(s) for s in shown], y=[line.gaps[s] for s in shown], mode="lines+markers", showlegend=False,
                name=plain(names[line.name]),
                marker={"size": 8 if line.program else 4, "color": colour[line.name]},
                line={"color": colour[line.name], "width": 2 if line.program else 1.2, "dash": "solid" if line.program else "dot"},
                hovertemplate=f"{plain(names[line.name])}: %{{y:.2%}}<extra></extra>",
            )
        )  # fmt: skip
    layout(figure, palette, height)
    figure.update_xaxes(tickvals=list(range(len(splits))), ticktext=splits, range=[-0.2, len(splits) - 0.8], showgrid=False)
    gaps = [gap for line in lines for gap in line.gaps.values()]
    if min(gaps, default=0.0) > 0 and far_apart(gaps):  # rules that are far off would press the others into one line
        figure.update_yaxes(type="log", dtick="D2", tickformat=".2~%", title_text="mean gap (logarithmic)")
    else:
        figure.update_yaxes(tickformat=".0%" if max(gaps, default=1.0) > 0.2 else ".1%", title_text="mean gap", rangemode="tozero")
    return figure


def latency(
    found: Sequence[tuple[str, float, float]], names: Mapping[str, str], palette: Palette, colour: Mapping[str, str],
    yardstick: Contender | None = None, *, height: int = 280,
) -> go.Figure:  # fmt: skip
    """Mean gap over the time that a program takes for an instance: name, seconds, gap; the yardstick, if a baseline, as a line."""
    figure = go.Figure()
    for name, seconds, gap in found:
        figure.add_trace(
            go.Scatter(
                x=[seconds * 1000], y=[gap], mode="markers", name=plain(names[name]), showlegend=False,
                marker={"size": 12, "color": colour[name]},
                hovertemplate=f"{plain(names[name])}: %{{y:.2%}} in %{{x:.3g}} ms an instance<extra></extra>",
            )
        )  # fmt: skip
    layout(figure, palette, height)
    high = max([gap for _, _, gap in found], default=1.0)
    # One line only, and only where it is near: baselines are not timed, and a far one would flatten the points.
    if yardstick is not None and yardstick.number is None and 0 <= yardstick.gap <= 4 * high:
        high = max(high, yardstick.gap)
        figure.add_hline(y=yardstick.gap, line={"color": palette.ink, "width": 1.4, "dash": "dot"}, layer="below")
    figure.update_xaxes(title_text="milliseconds an instance", rangemode="tozero")
    figure.update_yaxes(tickformat=".0%" if high > 0.2 else ".1%", title_text="mean gap", range=[0, high * 1.1 or 1.0])
    return figure


class Paid(NamedTuple):
    """What a run had paid for models at each step of its best train gap, and where the program stands on that."""

    name: str
    dollars: Sequence[float]
    gaps: Sequence[float]
    at: tuple[float, float]


def bought(
    found: Sequence[Paid], names: Mapping[str, str], palette: Palette, colour: Mapping[str, str], *, height: int = 280
) -> go.Figure:
    """Best train gap so far over the dollars that the run had spent on models, a dot at each program."""
    figure = go.Figure()
    for paid in found:
        told = plain(names[paid.name])
        figure.add_trace(
            go.Scatter(
                x=list(paid.dollars), y=list(paid.gaps), mode="lines", name=told, showlegend=False, hoverinfo="skip",
                line={"shape": "hv", "width": 2, "color": colour[paid.name]},
            )
        )  # fmt: skip
        figure.add_trace(
            go.Scatter(
                x=[paid.at[0]], y=[paid.at[1]], mode="markers", name=told, showlegend=False,
                marker={"size": 12, "color": colour[paid.name]},
                hovertemplate=f"{told}: %{{y:.2%}} on train for $%{{x:.4f}}<extra></extra>",
            )
        )  # fmt: skip
    layout(figure, palette, height)
    gaps = [gap for paid in found for gap in paid.gaps]
    log = min(gaps, default=0.0) > 0 and max(gaps) > 12 * min(gaps)
    figure.update_xaxes(title_text="dollars spent on models", tickprefix="$", rangemode="tozero")
    figure.update_yaxes(type="log" if log else "linear", dtick="D2" if log else None, tickformat=".2~%",
                        title_text="best train gap" + (" (logarithmic)" if log else ""),
                        rangemode="normal" if log else "tozero")  # fmt: skip
    return figure
