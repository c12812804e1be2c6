"""Charts of a run, for pages, reports and notebooks: pure functions from data frames to Altair charts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from workbench.analysis.attempts import improves, so_far
from workbench.formatting import GAP, Measure, dollars, percent
from workbench.report.palette import LIGHT, Palette
from workbench.report.vega import (
    PICK,
    AtY,
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
    result_title,
    themed,
    within,
    worded,
    zoom,
)  # fmt: skip

__all__ = ["PICK", "Grid", "Level", "archive", "by_day", "failures", "far_apart", "grid", "lineage", "progress", "view", "worth"]

CROWD = 2000
"""Number of attempts above which points are drawn small."""
AXES = {"attempts": "Attempts", "usd": "Dollars spent", "time": "Time since the start (hours)"}


class Level(NamedTuple):
    """A named horizontal line: a baseline or the bound."""

    name: str
    gap: float


def view(gaps: pd.Series, levels: Sequence[Level], *, log: bool = False) -> tuple[float, float]:
    """Return limits of the gap axis that show all baselines, the initial program and most attempts, but no outliers."""
    valid = gaps.dropna()
    known = [level.gap for level in levels]
    if valid.empty:
        high = max([1.0, *known])
        return (min([1e-4, *(0.8 * g for g in known if g > 0)]), high) if log else (min([-0.05, *known]), high)
    start, usual = float(valid.iloc[0]), float(valid.quantile(0.9))
    if (most := max([start, *known])) > 0:
        usual = min(usual, 4 * most)  # most attempts are far worse than every known gap: keep the lower part readable
    high = max([min(start, 3 * usual), usual, *known])
    if log:
        low = min([g for g in (*known, *valid) if g > 0], default=1e-4)
        return max(low * 0.8, 1e-9), max(high * 1.1, low)
    low = min([0.0, float(valid.min()), *known])
    room = (high - low) * 0.06 or 0.01
    return low - room, high + room


def across(frame: pd.DataFrame, axis: str) -> pd.Series:
    """Return the x value of every attempt on one of `AXES`; hours for time."""
    if axis == "usd":
        return frame["usd"]
    return (frame["created"] - frame["created"].min()) / 3600 if axis == "time" else frame["number"]


def progress(
    frame: pd.DataFrame,
    palette: Palette = LIGHT,
    *,
    axis: str = "attempts",
    levels: Sequence[Level] = (),
    rug: bool = True,
    log: bool | None = None,
    validation: pd.Series | None = None,
    steered: Sequence[int] = (),
    population: Callable[[int], str] = "island {}".format,
    measure: Measure = GAP,
    height: int = 390,
    width: int = 760,
) -> alt.LayerChart:
    """Chart the gap of every attempt and the best so far, with baselines dotted, the reference solid and failures as a rug below.

    A click on an attempt selects its `number` in the selection `PICK`.

    Parameters
    ----------
    frame
        One row per attempt, in order: `number`, `status`, `operator`, `gap` (NaN: failed), `island` (NaN: none);
        for axes other than `attempts` also `usd` (spent so far) or `created` (seconds).
    validation
        Validation gaps by the index of the frame, shown instead of train gaps.
    log
        Whether the gap axis is logarithmic; None: if the gaps of the baselines are far apart.
    steered
        Rows at which a user's message entered the prompts, drawn as diamonds on the line of the best.
    population
        Name of what an island's number stands for; empty: nothing.
    measure
        How results are shown; scores have neither a reference nor a logarithmic axis.
    height, width
        Pixels of the plot, and of the whole chart unless the page stretches it.
    """
    gaps = (frame["gap"] if validation is None else validation[frame.index]).astype(float)
    if measure.note:
        log = False
    elif log is None:
        log = gaps.min() > 0 and far_apart([float(gaps.min()), *(level.gap for level in levels)])
    low, high = view(gaps, levels, log=log)
    best = so_far(gaps)
    shown = pd.DataFrame({
        "x": across(frame, axis), "gap": within(gaps, low, log=log), "best": within(best, low, log=log), "number": frame["number"],
        "status": frame["status"].astype(str), "operator": frame["operator"].astype(str),
        "series": [_group(how, at, population) for how, at in zip(frame["operator"].astype(str), frame["island"], strict=True)],
    })  # fmt: skip
    valid, failed = shown[gaps.notna()], shown[shown["status"] != "ok"] if rug else shown.iloc[:0]
    marked = shown.iloc[[i for i in steered if 0 <= i < len(shown)]]
    marked = marked[marked["best"].notna()]
    last = max(float(shown["x"].max()), 1e-9)
    x = alt.X("x:Q", title=AXES[axis], scale=alt.Scale(domain=[-0.008 * last, 1.008 * last], nice=False),
              axis=alt.Axis(format="$~f" if axis == "usd" else ",~f", grid=False))  # fmt: skip
    scale = gap_scale(low, high, log=log, measure=measure)
    title = result_title(measure, "train" if validation is None else "validation")
    y = alt.Y("gap:Q", scale=scale, axis=gap_axis(title, low, high, log=log, measure=measure))
    heights = alt.Y("best:Q", scale=scale, axis=None)
    dots = _saying(valid, [f"{measure.value(gap)}, {how}" for gap, how in zip(gaps[valid.index], valid["operator"], strict=True)])
    diamonds = alt.Chart(_saying(marked, ["steering message"] * len(marked)).assign(series="steered"))
    layers = [
        *([] if measure.note else _lines(palette, levels, (low, high), height, log=log)),
        alt.Chart(_steps(shown)).mark_line(interpolate="step-after", strokeWidth=2, clip=True).encode(x, heights),
        *_rug(_saying(failed, failed["status"]), x),
        alt.Chart(dots, name="attempts").mark_circle(
            size=14 if len(frame) > CROWD else 34, opacity=0.6, clip=True, cursor="pointer",
        ).encode(
            x, y, picked(alt.StrokeValue, palette.ink, None), **hover("said"),
        ).add_params(pick("number"), zoom()),
        diamonds.mark_point(shape="diamond", size=110, filled=True, opacity=1, clip=True).encode(x, heights, **hover("said")),
    ]  # fmt: skip
    colour = _series(valid, failed, marked, palette)
    return themed(
        [layer.encode(colour) if "series" in layer.data else layer for layer in layers], palette, height, width, apart="y"
    )


def _group(operator: str, island: float, population: Callable[[int], str]) -> str:
    """Return what an attempt is counted to; strategies without populations have no islands."""
    if not pd.isna(island) and (name := population(int(island))):
        return name
    return {"seed": "start", "inject": "injected", "submit": "injected"}.get(operator, "attempts")


def _saying(shown: pd.DataFrame, what: Sequence[str]) -> pd.DataFrame:
    """Add the tooltip of each attempt."""
    return shown.assign(said=[f"no. {number}: {said}" for number, said in zip(shown["number"], what, strict=True)])


def _steps(shown: pd.DataFrame) -> pd.DataFrame:
    """Return the corners of the line of the best so far, and its end."""
    corner = improves(shown["gap"])
    corner.iloc[-1:] = True
    return shown[corner & shown["best"].notna()].assign(series="best so far")


def _rug(failed: pd.DataFrame, x: alt.X) -> list[alt.Chart]:
    """Failed attempts as ticks at the bottom, each with an invisible wider tick that is easy to hover over."""
    ticks = alt.Chart(failed.assign(series="failed")).encode(x, AtY("height"))
    wide = ticks.mark_tick(orient="vertical", size=12, thickness=7, opacity=0, yOffset=-5, clip=True, cursor="pointer")
    return [
        ticks.mark_tick(orient="vertical", size=9, thickness=1.2, opacity=0.6, yOffset=-5, clip=True),
        wide.encode(**hover("said")),
    ]


def _series(valid: pd.DataFrame, failed: pd.DataFrame, marked: pd.DataFrame, palette: Palette) -> alt.Color:
    """Return the colours of initial programs, islands or strategies, and other series that occur."""
    there = set(valid["series"])
    tones = {"start": palette.muted, "injected": palette.series[-2], "attempts": palette.series[0]}
    found = {name: colour for name, colour in tones.items() if name in there}
    populations = sorted(there - set(tones), key=lambda name: (len(name), name))
    places = [int(name.split()[1]) if name.startswith("island ") else k for k, name in enumerate(populations)]
    found |= {name: palette.series[k % len(palette.series)] for name, k in zip(populations, places, strict=True)}
    found |= {"failed": palette.worse} if len(failed) else {}
    found |= {"best so far": palette.ink} if len(valid) else {}
    found |= {"steered": palette.worse} if len(marked) else {}
    return alt.Color("series:N", scale=alt.Scale(domain=list(found), range=list(found.values())), legend=alt.Legend())


def _lines(palette: Palette, levels: Sequence[Level], domain: tuple[float, float], height: int, *, log: bool) -> list[alt.Chart]:
    """Baselines and the reference as horizontal lines, named on the right.

    A logarithmic axis has no reference; a baseline at or below 0 is drawn at its lower edge, and named with its gap.
    """
    scale = gap_scale(*domain, log=log)
    lines = [*([] if log else [Level("reference", 0.0)]), *levels]
    frame = pd.DataFrame({
        "name": [f"{line.name}: {percent(line.gap)}" if log and line.gap <= 0 else line.name for line in lines],
        "gap": within(pd.Series([line.gap for line in lines], dtype=float), domain[0], log=log),
        "said": [f"{line.name}: {percent(line.gap)}" for line in lines],
        "bound": [not log and k == 0 for k in range(len(lines))],
    })  # fmt: skip
    tones = [palette.bound if bound else palette.muted for bound in frame["bound"]]
    names = labels(frame["name"], frame["gap"], tones, domain, height, log=log) if levels else None
    base = alt.Chart(frame)
    return [
        base.mark_rule(strokeWidth=1.3, clip=True).encode(
            alt.Y("gap:Q", scale=scale, axis=names),
            either(alt.ColorValue, "datum.bound", palette.bound, palette.muted),
            either(alt.StrokeDashValue, "datum.bound", [1, 0], [2, 4]),
        ),
        base.mark_rule(strokeWidth=9, opacity=0, clip=True).encode(  # a wide invisible target for the pointer
            alt.Y("gap:Q", scale=scale, axis=None), **hover("said")
        ),
    ]


def lineage(
    frame: pd.DataFrame, path: Sequence[int], palette: Palette = LIGHT, *, log: bool = False, most: int = 600, height: int = 350,
    width: int = 760, measure: Measure = GAP,
) -> alt.LayerChart:  # fmt: skip
    """Chart the ancestors of a program among all attempts that became parents; a click selects the `number` of an attempt.

    Attempts on the path are filled; the most recent `most` other parents are hollow. A logarithmic axis shows small steps
    near the reference.
    """
    known = frame.set_index("number")
    parents = pd.Index(frame["parent"].dropna().astype(int).unique())
    others = known.loc[parents.intersection(known.index).difference(list(path)).sort_values()[-most:]]
    others = others[others["gap"].notna()]
    steps = known.loc[[n for n in path if n in known.index]]
    drawn = pd.concat([steps["gap"], others["gap"]])
    log = log and not measure.note and bool((drawn > 0).any())
    low, high = view(drawn, (), log=log)
    high = max(high, 1.1 * float(steps["gap"].max())) if log else high
    shown = pd.concat([steps.assign(kind="path to the program"), others.assign(kind="other parents")])
    above = shown["parent"].where(shown["parent"].isin(known.index)).fillna(-1).astype(int)
    shown = pd.DataFrame({
        "number": shown.index, "gap": within(shown["gap"], low, log=log), "kind": shown["kind"],
        "from": above.where(above >= 0), "before": within(above.map(known["gap"]), low, log=log),
        "said": [f"no. {n}: {measure.value(g)}, {how}"
                 for n, g, how in zip(shown.index, shown["gap"], shown["operator"], strict=True)],
    })  # fmt: skip
    x = alt.X(
        "number:Q", title="Attempts", axis=alt.Axis(format=",~f", grid=False), scale=alt.Scale(zero=False, nice=False, padding=8)
    )
    scale = gap_scale(low, high, log=log, measure=measure)
    y = alt.Y("gap:Q", scale=scale, axis=gap_axis(result_title(measure, "train"), low, high, log=log, measure=measure))
    kinds = ["path to the program", "other parents"]
    colour = alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[palette.better, palette.muted]), legend=alt.Legend())
    base = alt.Chart(shown)
    on_path, aside = alt.datum["kind"] == kinds[0], alt.datum["kind"] == kinds[1]
    short = len(steps) <= 60
    points: dict[str, Any] = {"clip": True, "cursor": "pointer", "opacity": 1}
    return themed(
        [
            base.transform_filter(aside & (alt.datum["from"] >= 0)).mark_rule(strokeWidth=1, clip=True, color=palette.grid).encode(
                alt.X("from:Q"), alt.Y("before:Q", scale=scale), alt.X2("number:Q"), alt.Y2("gap:Q")),
            base.mark_point(size=44, filled=False, **points).transform_filter(aside).encode(
                x, y, colour, **hover("said")),
            base.mark_line(strokeWidth=2 if short else 1.2, clip=True).transform_filter(on_path).encode(
                x, y, colour, alt.Order("number:Q")),
            alt.Chart(shown, name="path").transform_filter(on_path).mark_circle(size=90 if short else 34, **points).encode(
                x, y, colour, **hover("said")).add_params(pick("number"), zoom()),
        ],
        palette, height, width,
    )  # fmt: skip


class Grid(NamedTuple):
    """Cells of an archive: labels of both axes, and (column, row, best gap, attempts, best attempt) of each non-empty cell."""

    columns: list[str]
    rows: list[str]
    cells: list[tuple[int, int, float, int, int]]


def grid(sizes: pd.DataFrame, gaps: pd.Series, rows: str) -> Grid:
    """Bin valid attempts by size of code (half octaves) and by strongest instance class or evaluation time (half octaves).

    Parameters
    ----------
    sizes
        One row per attempt: `number`, `size` in characters, `seconds`, `strongest` instance class.
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


def archive(
    made: Grid, palette: Palette = LIGHT, rows: str = "strongest", *, width: int = 760, measure: Measure = GAP
) -> alt.LayerChart:
    """Chart the best gap of each cell of an archive; a click selects the `number` of the best attempt in the cell."""
    gaps = sorted(cell[2] for cell in made.cells) or [0.0]
    low, high = gaps[0], gaps[int(0.9 * (len(gaps) - 1))]
    frame = pd.DataFrame(made.cells, columns=["column", "row", "gap", "attempts", "number"])
    legend = gradient_legend("gap")
    if measure.note:
        legend = gradient_legend("score", ".4~g")
        frame["gap"], low, high = -frame["gap"], -high, -low
    shades = gradient(low, max(high, low + 1e-9))
    shades.reverse = not measure.note
    frame["said"] = [
        f"best no. {number}: {measure.value(gap)} of {count} attempt{'s' if count != 1 else ''}"
        for _, _, gap, count, number in made.cells
    ]
    cells = (
        alt.Chart(frame, name="cells")
        .mark_rect(cornerRadius=3, cursor="pointer")
        .encode(
            alt.X("column:O", scale=alt.Scale(domain=list(range(len(made.columns)))),
                  axis=alt.Axis(title="Characters of code (half octaves)", labelAngle=0, labelExpr=worded(made.columns))),
            alt.Y("row:O", scale=alt.Scale(domain=list(range(len(made.rows) - 1, -1, -1))),
                  axis=alt.Axis(title=None if rows == "strongest" else "Evaluation time", labelExpr=worded(made.rows))),
            alt.Color("gap:Q", scale=shades, legend=legend),
            picked(alt.StrokeValue, palette.worse, palette.paper), picked(alt.StrokeWidthValue, 3, 2),
            **hover("said"),
        )
        .add_params(pick("number"))
    )  # fmt: skip
    return themed([cells], palette, max(330, 34 * len(made.rows)), width)


def failures(groups: pd.DataFrame, palette: Palette = LIGHT, *, width: int = 760) -> alt.LayerChart:
    """Chart failed attempts by status, stacked by model, or by operator for attempts without a model.

    Parameters
    ----------
    groups
        One row per group: `status`, `operator`, `model` (None: no model), `attempts`.
    """
    frame = groups.assign(who=groups["model"].where(groups["model"].notna(), groups["operator"]))
    frame = frame.groupby(["status", "who"], as_index=False, observed=True)["attempts"].sum()
    frame["status"] = frame["status"].str.replace("_", " ")
    classes = frame.groupby("status")["attempts"].sum().sort_values(ascending=False)
    who = list(frame.groupby("who")["attempts"].sum().sort_values(ascending=False).index)
    frame["said"] = [f"{row.status}, {row.who}: {row.attempts:,}" for row in frame.itertuples()]
    frame["rank"] = frame["who"].map(who.index)
    bars = alt.Chart(frame).mark_bar(size=22).encode(
        alt.X("attempts:Q", title="Attempts", axis=alt.Axis(format=",~f", tickMinStep=1, tickCount=8)),
        alt.Y("status:N", title=None, sort=list(classes.index)),
        _stack("who", who, palette), alt.Order("rank:Q"), **hover("said"),
    )  # fmt: skip
    return themed([bars], palette, 40 + 34 * len(classes), width)


def worth(groups: pd.DataFrame, palette: Palette = LIGHT, *, width: int = 760) -> alt.LayerChart:
    """Chart the improvement of the best train gap per dollar, by model and operator; if nothing was paid, the improvement.

    Parameters
    ----------
    groups
        One row per model and operator: `model` (empty: no LLM), `operator`, `gained` (gap), `per_dollar` (NaN: nothing paid).
    """
    paid = bool(groups["per_dollar"].notna().any())
    column = "per_dollar" if paid else "gained"
    frame = groups[(groups["gained"] > 0) & groups[column].notna()].sort_values(column, ascending=False).head(12)
    names = [
        f"{model} · {operator}" if model else str(operator)
        for model, operator in zip(frame["model"], frame["operator"], strict=True)
    ]
    frame = pd.DataFrame({"name": names, "value": frame[column].to_numpy() * 100})
    frame["said"] = [f"{row.name}: {row.value:.2f} pp" for row in frame.itertuples(index=False, name="Bar")]
    bars = alt.Chart(frame).mark_bar(size=18, color=palette.better).encode(
        alt.X("value:Q", axis=alt.Axis(title=f"Percentage points of gap{' per dollar' if paid else ''}", tickCount=8)),
        alt.Y("name:N", title=None, sort=names), **hover("said"),
    )  # fmt: skip
    return themed([bars], palette, 30 + 28 * len(names), width)


def by_day(groups: pd.DataFrame, palette: Palette = LIGHT, *, height: int = 210, width: int = 760) -> alt.LayerChart:
    """Chart dollars per day, stacked by model; days without a call are shown as empty.

    Parameters
    ----------
    groups
        One row per day and model: `day` as an ISO date, `model`, `usd`.
    """
    frame = groups.groupby(["day", "model"], as_index=False)["usd"].sum()
    models = list(frame.groupby("model")["usd"].sum().sort_values(ascending=False).index)
    days = list(pd.date_range(frame["day"].min(), frame["day"].max()).strftime("%Y-%m-%d"))
    frame["said"] = [f"{row.day}, {row.model}: {dollars(row.usd)}" for row in frame.itertuples()]
    frame["rank"] = frame["model"].map(models.index)
    bars = alt.Chart(frame).mark_bar(size=max(4, min(60, 500 // len(days)))).encode(
        alt.X("day:O", title=None, scale=alt.Scale(domain=days), axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        alt.Y("usd:Q", title=None, axis=alt.Axis(format="$~f")),
        _stack("model", models, palette), alt.Order("rank:Q"), **hover("said"),
    )  # fmt: skip
    return themed([bars], palette, height, width)


def _stack(field: str, names: Sequence[str], palette: Palette) -> alt.Color:
    """Return a colour for each name."""
    tones = [palette.series[k % len(palette.series)] for k in range(len(names))]
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=list(names), range=tones), legend=alt.Legend())
