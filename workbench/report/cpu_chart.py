"""Chart of gap against CPU time or another second objective: which attempts are good in both."""

from __future__ import annotations

import math
from typing import Literal

import altair as alt
import pandas as pd

from workbench.formatting import GAP, Measure
from workbench.protocols import SecondObjective
from workbench.report.charts import CROWD, view
from workbench.report.palette import LIGHT, Palette
from workbench.report.vega import (
    LABEL,
    AtY,
    either,
    far_apart,
    gap_axis,
    gap_scale,
    hover,
    pick,
    picked,
    result_title,
    themed,
    within,
    zoom,
)

FRONT = "Pareto front"


def against_cpu(
    timed: pd.DataFrame, palette: Palette = LIGHT, *, split: str = "train", log: bool | None = None, limit: float | None = None,
    second: SecondObjective | None = None, height: int = 390, width: int = 760, measure: Measure = GAP,
) -> alt.LayerChart:  # fmt: skip
    """Chart the gap of attempts against the longest CPU time of each on an instance, with the Pareto front as a line.

    A click on an attempt selects its `number` in the selection `PICK`. Numbers stand at points of the front where there is
    room, from the best gap on.

    Parameters
    ----------
    timed
        As `analysis.attempts.timed` returns it; at least one row.
    split
        The split of the gaps.
    log
        Whether the gap axis is logarithmic; None: if the gaps are far apart.
    limit
        CPU seconds that a program has on an instance, drawn if at most ten times those of the slowest attempt.
    second
        What `longest` is, if it is no CPU time; lower is better there, as `analysis.front` turns it.
    """
    ratio = second is None or bool(timed["longest"].min() > 0)  # of times; a logarithmic axis has no 0
    gaps, seconds = timed["gap"], timed["longest"].clip(lower=1e-6) if ratio else timed["longest"]
    turned = second is not None and second.sense == "max"
    log = gaps.min() > 0 and far_apart(list(gaps)) if log is None else log
    log = log and not measure.note
    low, high = view(gaps, (), log=log)
    first, last = float(seconds.min()), float(seconds.max())
    near = [limit] if limit is not None and limit <= 10 * last else []
    along = math.log if ratio else float
    span = max([math.log(2.0) if ratio else 1e-9, *(along(end) - along(first) for end in (last, *near))])
    ends = along(first) - 0.08 * span, along(first) + 1.04 * span  # room for a number left of the first point
    left, right = (math.exp(end) if ratio else -end if turned else end for end in ends)
    unit = "" if second else " s"
    shown = pd.DataFrame({
        "seconds": -seconds if turned else seconds, "gap": within(gaps, low, log=log), "number": timed["number"],
        "series": timed["front"].map({True: FRONT, False: "attempts"}),
        "said": [f"no. {number}: {measure.value(gap)}, {how}, {value:.3g}{unit}" for number, gap, how, value in zip(
            timed["number"], gaps, timed["operator"], -timed["longest"] if turned else timed["longest"], strict=True)],
    }).sort_values("series", ascending=False, kind="stable")  # the front is drawn last  # fmt: skip
    title = f"Mean on train: {second.title}" if second else "Longest CPU time on a train instance (s)"
    scale = alt.Scale(type="log" if ratio else "linear", domain=sorted([left, right]), nice=False, reverse=turned)
    x = alt.X("seconds:Q", title=title, axis=alt.Axis(format="~g", grid=False), scale=scale)
    axis = gap_axis(result_title(measure, split), low, high, log=log, measure=measure)
    y = alt.Y("gap:Q", scale=gap_scale(low, high, log=log, measure=measure), axis=axis)
    tones = {"attempts": palette.series[0], FRONT: palette.ink}
    colour = alt.Color("series:N", scale=alt.Scale(domain=list(tones), range=list(tones.values())), legend=alt.Legend())
    front = shown[shown["series"] == FRONT].sort_values("seconds")
    steps: Literal["step-before", "step-after"] = "step-before" if turned else "step-after"
    tall = math.log(high / low) if log else high - low
    layers = [
        alt.Chart(front).mark_line(interpolate=steps, strokeWidth=2, clip=True).encode(x, y, colour),
        alt.Chart(shown, name="timed").mark_circle(opacity=0.9, clip=True, cursor="pointer").encode(
            x, y, colour, either(alt.SizeValue, f"datum.series === '{FRONT}'", 60, 14 if len(shown) > CROWD else 34),
            picked(alt.StrokeValue, palette.worse, None), picked(alt.StrokeWidthValue, 3, 0), **hover("said"),
        ).add_params(pick("number"), zoom()),
        alt.Chart(_named(front, width / (ends[1] - ends[0]), height / tall, log=log, ratio=ratio)).mark_text(
            align="right", baseline="top", dx=-3, dy=5, clip=True, color=palette.ink).encode(x, y, alt.Text("number:Q")),
    ]  # fmt: skip
    if near:
        line = alt.Chart(pd.DataFrame({"seconds": near, "said": [f"limit: {limit:g} s"]}))
        layers[:0] = [
            line.mark_rule(color=palette.worse, strokeDash=[2, 4], strokeWidth=1.3, clip=True).encode(x, **hover("said")),
            line.mark_text(align="right", baseline="top", dx=-6, color=palette.worse, clip=True).encode(x, AtY(2), text="said:N"),
        ]  # fmt: skip
    return themed(layers, palette, height, width)


def _named(front: pd.DataFrame, per_second: float, per_gap: float, *, log: bool, ratio: bool) -> pd.DataFrame:
    """Return the points of a front whose numbers do not overlap, the best gap first."""
    kept: list[tuple[float, float]] = []
    chosen = []
    for row in front.sort_values("gap").itertuples():
        at = (math.log(row.seconds) if ratio else row.seconds) * per_second, (math.log(row.gap) if log else row.gap) * per_gap
        if all(abs(at[0] - x) >= 10 + 8 * len(str(row.number)) or abs(at[1] - y) >= LABEL for x, y in kept):
            kept.append(at)
            chosen.append(row.Index)
    return front.loc[chosen]
