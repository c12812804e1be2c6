"""Figures of the pages: pure functions from frames to Plotly figures and ECharts options."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from ui.data import improves, so_far
from workbench.formatting import percent
from workbench.report.charts import spread
from workbench.report.palette import VIRIDIS, Palette
from workbench.store import FailureGroup

FONT = "Source Sans, sans-serif"
CROWD = 2000
"""Attempts from which on points are drawn small."""
AS_SAID = {"containLabel": False, "outerBoundsMode": "none"}
"""For a grid of ECharts, whose margins have room for labels already: it would add as much again."""
AXES = {"attempts": "Attempts", "usd": "Dollars spent", "time": "Time since the start"}


class Level(NamedTuple):
    """A horizontal line with its name: a baseline, or the bound."""

    name: str
    gap: float


def layout(figure: go.Figure, palette: Palette, height: int, **more: Any) -> go.Figure:
    """What all figures share: transparent, no title, thin grid."""
    axis = {"gridcolor": palette.grid, "zeroline": False, "linecolor": palette.grid,
            "tickfont": {"color": palette.muted, "size": 12}, "title": {"font": {"color": palette.muted, "size": 12}}}  # fmt: skip
    figure.update_layout(
        height=height, margin={"l": 64, "r": 12, "t": 8, "b": 40}, paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        font={"color": palette.ink, "size": 12, "family": FONT}, hoverlabel={"align": "left"},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 12}, "itemsizing": "constant"},
        **more,
    )  # fmt: skip
    figure.update_xaxes(axis)
    figure.update_yaxes(axis)
    return figure


def view(gaps: pd.Series, levels: Sequence[Level]) -> tuple[float, float]:
    """The part of the gap axis worth seeing: all baselines, the start and most attempts, not the wildest."""
    valid = gaps.dropna()
    if valid.empty:
        return -0.05, max([1.0, *(level.gap for level in levels)])
    start = float(valid.iloc[0])
    usual = float(valid.quantile(0.9))
    known = [start, *(level.gap for level in levels)]
    if max(known) > 0:
        usual = min(usual, 4 * max(known))  # where most are far worse than everything known, what counts is below
    high = max([min(start, 3 * usual), usual, *(level.gap for level in levels)])
    low = min(float(valid.min()), 0.0)
    room = (high - low) * 0.06 or 0.01
    return low - room, high + room


def across(frame: pd.DataFrame, axis: str) -> pd.Series:
    """The x of every attempt on one of `AXES`; hours for time."""
    if axis == "usd":
        return frame["usd"]
    return (frame["created"] - frame["created"].min()) / 3600 if axis == "time" else frame["number"]


def progress(
    frame: pd.DataFrame,
    palette: Palette,
    *,
    axis: str = "attempts",
    levels: Sequence[Level] = (),
    rug: bool = True,
    log: bool = False,
    validation: pd.Series | None = None,
    steered: Sequence[int] = (),
    height: int = 470,
) -> go.Figure:
    """Gap of every attempt, the best so far, baselines dotted, the reference solid, failures as a rug below.

    Parameters
    ----------
    frame
        As of `data.attempts`, thinned by `data.charted` where it is long.
    validation
        Validation gap by the frame's index: shown in place of the train gaps, where given.
    log
        A logarithmic axis, on which small gaps can be told apart.
    steered
        Attempts at which a person's message went into the prompts: diamonds on the line of the best.
    """
    x = across(frame, axis)
    shown = frame["gap"] if validation is None else validation[frame.index]
    best = so_far(shown)
    low, high = view(shown, levels)
    if log:
        low = max(float(shown[shown > 0].min()) * 0.8, 1e-9) if (shown > 0).any() else 1e-4
    figure = go.Figure()
    for island, group in frame[shown.notna()].groupby(frame["island"].fillna(-1).astype(int)):
        figure.add_trace(
            go.Scatter(
                x=x[group.index], y=shown[group.index], mode="markers", customdata=group["number"],
                name="start" if island < 0 else f"island {island}",
                marker={"size": 4 if len(frame) > CROWD else 6, "opacity": 0.55,
                        "color": palette.muted if island < 0 else palette.series[island % len(palette.series)]},
                hovertemplate="no. %{customdata}: %{y:.2%}<extra></extra>",
            )
        )  # fmt: skip
    failed = frame["status"].astype(str) != "ok"
    floor = low * 1.03 if log else low + (high - low) * 0.012
    if rug and failed.any():
        figure.add_trace(
            go.Scatter(
                x=x[failed], y=[floor] * int(failed.sum()), mode="markers", name="failed",
                customdata=frame.loc[failed, "number"], text=frame.loc[failed, "status"].astype(str),
                marker={"symbol": "line-ns-open", "size": 8, "color": palette.worse, "opacity": 0.55, "line": {"width": 1}},
                hovertemplate="no. %{customdata}: %{text}<extra></extra>",
            )
        )  # fmt: skip
    if best.notna().any():
        # Only where it steps, and up to the end: a long line of equal points would be drawn in pieces.
        corner = improves(shown)
        corner.iloc[-1] = True
        line = {"color": palette.ink, "width": 2, "shape": "hv"}
        figure.add_trace(go.Scatter(x=x[corner], y=best[corner], mode="lines", name="best so far", line=line, hoverinfo="skip"))
    if marks := [i for i in steered if 0 <= i < len(frame) and pd.notna(best.iloc[i])]:
        figure.add_trace(
            go.Scatter(
                x=x.iloc[marks], y=best.iloc[marks], mode="markers", name="steered", hoverinfo="skip",
                marker={"symbol": "diamond", "size": 12, "color": palette.worse, "line": {"color": palette.paper, "width": 1}},
            )
        )  # fmt: skip
    _levels(figure, palette, levels, (low, high), height, log)
    layout(figure, palette, height)
    widest = max((min(22, len(level.name)) for level in levels), default=0)
    figure.update_layout(
        margin={"r": 24 + 7 * max(widest, 9) if levels else 12}, uirevision=f"{axis}{validation is None}", dragmode="zoom"
    )
    ticks = ".2~%" if log else ".0%" if high > 0.2 else ".1%"
    figure.update_yaxes(type="log" if log else "linear", tickformat=ticks,
                        range=[math.log10(low), math.log10(high)] if log else [low, high],
                        title_text="mean gap to the reference, " + ("train" if validation is None else "validation"),
                        dtick=None if not log else "D1" if high / low < 20 else "D2")  # fmt: skip
    figure.update_xaxes(title_text="Time since the start (hours)" if axis == "time" else AXES[axis],
                        tickprefix="$" if axis == "usd" else "")  # fmt: skip
    return figure


def _levels(
    figure: go.Figure, palette: Palette, levels: Sequence[Level], window: tuple[float, float], height: int, log: bool
) -> None:
    low, high = window
    lines = [*([] if log else [Level("reference", 0.0)]), *(level for level in levels if low <= level.gap <= high)]
    scaled = [math.log10(line.gap) if log else line.gap for line in lines]
    extent = math.log10(high / low) if log else high - low
    places = spread(scaled, extent * 15 / max(1, height - 60))
    for line, place in zip(lines, places, strict=True):
        bound = line.name == "reference"
        colour = palette.bound if bound else palette.muted
        figure.add_hline(y=line.gap, line={"color": colour, "width": 1.4, "dash": "solid" if bound else "dot"}, layer="below")
        name = line.name if len(line.name) <= 22 else f"{line.name[:21]}…"
        if levels:
            figure.add_annotation(
                x=1, xref="paper", xanchor="left", xshift=6, y=place, yref="y", yanchor="middle", showarrow=False,
                text=plain(name), hovertext=plain(f"{line.name}: {percent(line.gap)}"), font={"color": colour, "size": 12},
            )  # fmt: skip


def plain(text: str) -> str:
    """Text that Plotly shows as it is: it reads a little HTML otherwise."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def lineage(
    frame: pd.DataFrame, path: Sequence[int], palette: Palette, *, log: bool = False, most: int = 600, height: int = 430
) -> go.Figure:
    """The path to a program, over all attempts that became parents.

    Attempts on the path are filled, other parents hollow; of those the most recent `most` are drawn. A logarithmic axis shows
    small steps near the reference.
    """
    known = frame.set_index("number")
    parents = pd.Index(frame["parent"].dropna().astype(int).unique())
    others = known.loc[parents.intersection(known.index).difference(list(path)).sort_values()[-most:]]
    others = others[others["gap"].notna()]
    figure = go.Figure()
    ends = others.assign(number=others.index)[others["parent"].isin(known.index)]
    if len(ends):
        starts = known.loc[ends["parent"].astype(int)]
        xs = [v for a, b in zip(starts.index, ends.index, strict=True) for v in (a, b, None)]
        ys = [v for a, b in zip(starts["gap"], ends["gap"], strict=True) for v in (a, b, None)]
        figure.add_trace(
            go.Scatter(x=xs, y=ys, mode="lines", line={"color": palette.grid, "width": 1}, hoverinfo="skip", showlegend=False)
        )
    hover = "no. %{customdata}: %{y:.2%}, %{text}<extra></extra>"
    figure.add_trace(
        go.Scatter(
            x=others.index, y=others["gap"], mode="markers", name="other parents", customdata=others.index,
            text=others["operator"].astype(str),
            marker={"symbol": "circle-open", "size": 7, "color": palette.muted}, hovertemplate=hover,
        )
    )  # fmt: skip
    steps = known.loc[[n for n in path if n in known.index]]
    short = len(steps) <= 60
    figure.add_trace(
        go.Scatter(
            x=steps.index, y=steps["gap"], mode="lines+markers", name="path to the program", customdata=steps.index,
            text=steps["operator"].astype(str),
            line={"color": palette.better, "width": 2 if short else 1.2},
            marker={"size": 9 if short else 5, "color": palette.better}, hovertemplate=hover,
        )
    )  # fmt: skip
    layout(figure, palette, height, uirevision=f"lineage{log}")
    drawn = pd.concat([steps["gap"], others["gap"]])
    low, high = view(drawn, ())
    figure.update_yaxes(title_text="mean gap to the reference, train")
    if log and (drawn > 0).any():
        low = float(drawn[drawn > 0].min()) * 0.9
        figure.update_yaxes(type="log", range=[math.log10(low), math.log10(max(high, float(steps["gap"].max())))],
                            tickformat=".2~%", dtick="D1" if high / low < 20 else "D2")  # fmt: skip
    else:
        figure.update_yaxes(range=[low, high], tickformat=".0%" if high > 0.2 else ".1%")
    figure.update_xaxes(title_text="Attempts")
    return figure


class Grid(NamedTuple):
    """Cells of an archive: labels of both axes, and (column, row, best gap, attempts, best attempt) of each filled cell."""

    columns: list[str]
    rows: list[str]
    cells: list[tuple[int, int, float, int, int]]


def grid(sizes: pd.DataFrame, gaps: pd.Series, rows: str) -> Grid:
    """Bin valid attempts by size of code (half octaves) and by strongest family or evaluation time (half octaves).

    Parameters
    ----------
    sizes
        As of `data.sizes`.
    gaps
        Train gap by attempt.
    rows
        `strongest` or `seconds`.
    """
    frame = sizes.assign(gap=sizes["number"].map(gaps)).dropna(subset=["gap"])
    if frame.empty:
        return Grid([], [], [])
    column = frame["size"].map(lambda n: round(2 * math.log2(1 + n)))
    if rows == "seconds":
        row = frame["seconds"].map(lambda s: round(2 * math.log2(max(s, 1e-6))))
        labels = {k: f"{2 ** (k / 2) * 1000:.3g} ms" for k in range(row.min(), row.max() + 1)}
    else:
        row = frame["strongest"]
        labels = {name: str(name) for name in sorted(row.unique())}
    columns = list(range(column.min(), column.max() + 1))
    place = {name: k for k, name in enumerate(labels)}
    cells = []
    for (c, r), group in frame.groupby([column, row]):
        best = group["gap"].idxmin()
        cells.append((c - columns[0], place[r], float(group.loc[best, "gap"]), len(group), int(group.loc[best, "number"])))
    return Grid([f"{2 ** (k / 2):.0f}" for k in columns], list(labels.values()), cells)


def archive(made: Grid, palette: Palette, rows: str) -> dict[str, Any]:
    """ECharts option of an archive: Viridis for the gap, the number of attempts in each cell; cells can be selected."""
    gaps = sorted(cell[2] for cell in made.cells) or [0.0]
    low, high = gaps[0], gaps[int(0.9 * (len(gaps) - 1))]
    left = max(24 + 5.6 * max(map(len, made.rows), default=0), 0 if rows == "strongest" else 94)
    axis = {"type": "category", "splitArea": {"show": False}, "axisTick": {"show": False}, "nameLocation": "middle",
            "axisLine": {"lineStyle": {"color": palette.grid}}, "axisLabel": {"color": palette.muted},
            "nameTextStyle": {"color": palette.muted}}  # fmt: skip
    return {
        "animation": False,
        "grid": {"left": left, "right": 90, "top": 12, "bottom": 52, **AS_SAID},
        "tooltip": {"formatter": "{b}", "confine": True},
        "xAxis": {**axis, "data": made.columns, "name": "characters of code (half octaves)", "nameGap": 30},
        "yAxis": {**axis, "data": made.rows, "name": "" if rows == "strongest" else "evaluation time", "nameGap": 78},
        "visualMap": {
            "min": round(low * 100, 4), "max": round(max(high, low + 1e-9) * 100, 4), "dimension": 2, "calculable": True,
            "right": 0, "top": "middle", "itemHeight": 180, "precision": 2, "text": ["gap %", ""],
            "textStyle": {"color": palette.muted}, "inRange": {"color": list(VIRIDIS)},
        },
        "series": [
            {
                "type": "heatmap", "selectedMode": "single", "label": {"show": False},
                "itemStyle": {"borderColor": palette.paper, "borderWidth": 2, "borderRadius": 3},
                "select": {"itemStyle": {"borderColor": palette.worse, "borderWidth": 3}},
                "emphasis": {"itemStyle": {"borderColor": palette.ink, "borderWidth": 2}},
                "data": [
                    {"value": [c, r, round(gap * 100, 4)],
                     "name": f"best no. {number}: {percent(gap)} of {count} attempt{'s' if count != 1 else ''}"}
                    for c, r, gap, count, number in made.cells
                ],
            }
        ],
    }  # fmt: skip


def failures(groups: Sequence[FailureGroup], palette: Palette, *, height: int = 260) -> go.Figure:
    """Failed attempts by class, stacked by model (operator, where there is no model)."""
    frame = pd.DataFrame(groups, columns=FailureGroup._fields)
    frame["who"] = frame["model"].where(frame["model"].notna(), frame["operator"])
    table = frame.pivot_table(index="status", columns="who", values="attempts", aggfunc="sum", fill_value=0, observed=True)
    table = table.loc[table.sum(axis=1).sort_values().index, table.sum().sort_values(ascending=False).index]
    figure = go.Figure()
    for k, who in enumerate(table.columns):
        figure.add_trace(
            go.Bar(
                y=[s.replace("_", " ") for s in table.index], x=table[who], orientation="h", name=plain(str(who)),
                marker={"color": palette.series[k % len(palette.series)]},
                hovertemplate=f"%{{y}}, {plain(str(who))}: %{{x}}<extra></extra>",
            )
        )  # fmt: skip
    layout(figure, palette, height, barmode="stack", bargap=0.35)
    figure.update_yaxes(showgrid=False)
    figure.update_layout(margin={"l": 84})
    figure.update_xaxes(title_text="attempts")
    return figure


def worth(groups: pd.DataFrame, palette: Palette, *, height: int = 260) -> go.Figure:
    """Improvement of the best train gap per dollar, by model and operator; where nothing was paid, improvement alone."""
    paid = groups["per_dollar"].notna().any()
    frame = groups[groups["gained"] > 0].sort_values("per_dollar" if paid else "gained").tail(12)
    values = (frame["per_dollar"] if paid else frame["gained"]) * 100
    pairs = zip(frame["model"], frame["operator"], strict=True)
    names = [plain(str(operator) if not model else f"{model} · {operator}") for model, operator in pairs]
    figure = go.Figure(
        go.Bar(
            x=values, y=names, orientation="h",
            marker={"color": palette.better}, hovertemplate="%{y}: %{x:.2f} pp<extra></extra>",
        )
    )  # fmt: skip
    layout(figure, palette, height, bargap=0.35)
    figure.update_yaxes(showgrid=False)
    figure.update_xaxes(title_text="pp of gap per dollar" if paid else "pp of gap")
    figure.update_yaxes(automargin=True)
    return figure


def by_day(groups: pd.DataFrame, palette: Palette, *, height: int = 260) -> go.Figure:
    """Dollars a day, stacked by model; days without a call are left in, empty."""
    table = groups.pivot_table(index="day", columns="model", values="usd", aggfunc="sum", fill_value=0.0)
    table = table[table.sum().sort_values(ascending=False).index]
    days = pd.date_range(table.index.min(), table.index.max()).strftime("%Y-%m-%d")
    table = table.reindex(days, fill_value=0.0)
    figure = go.Figure()
    for k, model in enumerate(table.columns):
        colour = palette.series[k % len(palette.series)]
        figure.add_trace(
            go.Bar(
                x=list(table.index), y=table[model], name=plain(str(model)), marker={"color": colour},
                hovertemplate=f"%{{x}}, {plain(str(model))}: $%{{y:.4f}}<extra></extra>",
            )
        )  # fmt: skip
    layout(figure, palette, height, barmode="stack", bargap=0.4)
    figure.update_yaxes(tickprefix="$", rangemode="tozero")
    around = max(0.0, 3.5 - len(days) / 2)  # few days are not drawn as wide as the page
    figure.update_xaxes(type="category", showgrid=False, range=[-0.5 - around, len(days) - 0.5 + around])
    return figure
