"""Common parts of all charts: theme, placement of labels, and SVG without scripts."""

from __future__ import annotations

import functools
import json
import math
import zlib
from collections.abc import Sequence
from typing import Any, Literal, TypeVar
from xml.etree import ElementTree

import altair as alt
import pandas as pd

from workbench.formatting import GAP, Measure
from workbench.report.palette import LIGHT, Palette, named

FONT = "Source Sans, system-ui, sans-serif"
WIDTH = 760
"""Default width of a chart, in pixels."""
LABEL = 15
"""Minimum distance of labels beside a chart, in pixels."""
PICK, ZOOM = "pick", "zoom"
"""Names of the selections made by clicking on a mark, and by panning and zooming; pages read them."""
_SPARE = 14
"""Margin left of an SVG in pixels; it is twice as wide on the right, because a reader's font may be wider than the measured one."""
AtX: Any = alt.XValue
AtY: Any = alt.YValue
"""A position in pixels; Altair has no types for these two classes."""
Value = TypeVar("Value", alt.ColorValue, alt.StrokeValue, alt.StrokeWidthValue, alt.StrokeDashValue, alt.SizeValue)
_MARKS = ("path", "text", "line", "rect", "circle")


def themed(
    layers: Sequence[alt.Chart], palette: Palette, height: int, width: int = WIDTH, *, apart: Literal["", "x", "y"] = ""
) -> alt.LayerChart:
    """Combine layers into one chart with a theme; `height` is that of the plot, `width` includes axes and legends.

    Parameters
    ----------
    apart
        The axis that each layer has of its own, on a common scale.
    """
    # All in one call: each method of a chart would copy it with all layers.
    return alt.LayerChart(
        layer=list(layers), width=width, height=height, background=palette.paper, autosize={"type": "fit-x", "contains": "padding"},
        resolve={"axis": {apart: "independent"}} if apart else {}, config=_config(palette),
    )  # fmt: skip


@functools.cache
def _config(palette: Palette) -> dict[str, Any]:
    text = {"titleColor": palette.muted, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    return {
        "font": FONT, "view": {"stroke": None}, "text": {"fontSize": 12},
        "axis": {"gridColor": palette.grid, "domainColor": palette.grid, "tickColor": palette.grid, "labelColor": palette.muted,
                 "titlePadding": 8, "labelLimit": 220, **text},
        "legend": {"orient": "top", "direction": "horizontal", "title": None, "labelColor": palette.ink, "symbolOpacity": 1,
                   "columns": 12, "labelLimit": 260, **text},
    }  # fmt: skip


def hover(field: str) -> dict[str, Any]:
    """Return encodings that describe a mark: a tooltip on a page, a title in SVG."""
    return {"tooltip": alt.Tooltip(f"{field}:N", title=""), "description": alt.Description(f"{field}:N")}


def either(channel: type[Value], test: str, yes: Any, no: Any) -> Value:
    """Return a channel with one value for rows that pass a test and another for the rest."""
    return channel(no, condition={"test": test, "value": yes})


def picked(channel: type[Value], yes: Any, no: Any) -> Value:
    """Return a channel with one value for the clicked mark and another for the rest."""
    return channel(no, condition={"param": PICK, "empty": False, "value": yes})


def pick(*fields: str) -> alt.Parameter:
    """Return a selection made by a click on a mark and cleared by a click beside it; add it to one layer of a chart.

    The layer needs a name, because Altair would derive one from all its data.
    """
    return alt.selection_point(PICK, fields=list(fields), on="click", empty=False)


def zoom(*encodings: Any) -> alt.Parameter:
    """Return panning and zooming: drag to pan, Shift and wheel to zoom (the wheel alone scrolls), double-click to reset."""
    return alt.selection_interval(
        ZOOM, bind="scales", encodings=list(encodings) or ["x", "y"], zoom="wheel![event.shiftKey]", clear="dblclick"
    )


def spread(values: Sequence[float], least: float, low: float = -math.inf, high: float = math.inf) -> list[float]:
    """Return label positions in the order of `values`: at least `least` apart, from `low` to `high`, close to their values.

    Minimises the sum of squared displacements, an isotonic regression, by pooling neighbours that would be too close.
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    pools: list[tuple[float, int]] = []  # mean of value minus rank * least over the members, number of members
    for rank, index in enumerate(order):
        mean, size = values[index] - rank * least, 1
        while pools and pools[-1][0] > mean:
            above, members = pools.pop()
            mean, size = (mean * size + above * members) / (size + members), size + members
        pools.append((mean, size))
    bases = [mean for mean, size in pools for _ in range(size)]
    top = high - (len(values) - 1) * least
    placed = {index: max(low, min(bases[rank], top)) + rank * least for rank, index in enumerate(order)}
    return [placed[k] for k in range(len(values))]


def far_apart(gaps: Sequence[float]) -> bool:
    """Whether a linear axis would compress the smaller of these gaps."""
    known = sorted(g for g in gaps if g > 0)
    return len(known) > 2 and known[-1] > 12 * known[(len(known) - 1) // 2]


def result_title(measure: Measure, split: str) -> str:
    """Return the title of an axis of mean results on a split."""
    return f"Score, {split}: {measure.note}" if measure.note else f"Mean gap to the reference, {split}"


def gap_axis(title: str, low: float, high: float, *, log: bool = False, grid: bool = True, measure: Measure = GAP) -> alt.Axis:
    """Return an axis of gaps with as many digits as its range needs; of scores, if results are shown as these."""
    if measure.note:
        return alt.Axis(title=title, labelExpr="format(0 - datum.value, '.5~g')", grid=grid)
    form = ".3~p" if log else ".0%" if high > 0.2 else ".1%" if high - low > 0.01 else ".2%"
    return alt.Axis(title=title, format=form, grid=grid)


def gap_scale(low: float, high: float, *, log: bool = False, measure: Measure = GAP) -> alt.Scale:
    """Return a scale of gaps with exactly these limits; the best score is at the top, the best gap at the bottom."""
    if measure.note:
        return alt.Scale(domain=[low, high], nice=False, zero=False, reverse=True)
    return alt.Scale(type="log", domain=[low, high], nice=False) if log else alt.Scale(domain=[low, high], nice=False, zero=False)


def within(gaps: pd.Series, low: float, *, log: bool) -> pd.Series:
    """Return where gaps are drawn: on a logarithmic axis, those at or below 0 at its lower end."""
    return gaps.where(gaps.isna() | (gaps > 0), low) if log else gaps


def worded(names: Sequence[str]) -> str:
    """Return a label expression that shows names instead of the numbers 0, 1, ..."""
    return f"{json.dumps(list(names))}[datum.value]"


def gradient(low: float, high: float) -> alt.Scale:
    """Return the Viridis scale from light (small gap) to dark; values outside are clamped."""
    return alt.Scale(scheme="viridis", reverse=True, domain=[low, high], clamp=True)


def gradient_legend(title: str, form: str = ".3~p") -> alt.Legend:
    """Return a colour legend beside the chart."""
    return alt.Legend(orient="right", direction="vertical", title=title, format=form, gradientLength=140)


def labels(names: Sequence[str], values: Sequence[float], colours: Sequence[str], domain: tuple[float, float], height: int,
           *, log: bool = False) -> alt.Axis:  # fmt: skip
    """Return a right axis with a name at each value, moved as little as needed to avoid overlaps.

    Parameters
    ----------
    domain
        Lowest and highest value of the axis.
    height
        Pixels between the two.
    """
    take = math.log10 if log else float
    low, high = take(domain[0]), take(domain[1])
    places = spread([take(value) for value in values], (high - low) * LABEL / max(1, height), low, high)
    at = [10**place if log else place for place in places]
    tones = [{"test": f"datum.value === {place!r}", "value": colour} for place, colour in zip(at, colours, strict=True)]
    return alt.Axis(
        orient="right", values=at, labelExpr=f"{json.dumps(list(names))}[indexof({at!r}, datum.value)]",
        labelColor={"condition": tones, "value": "gray"}, ticks=False, domain=False, grid=False, labelOverlap=False, title=None,
        labelPadding=6, labelLimit=190,
    )  # fmt: skip


def specification(chart: alt.LayerChart) -> dict[str, Any]:
    """Return the chart as Vega-Lite for a page, with data frames unconverted among its data sets.

    Takes a third of the time of `to_dict`: nothing is converted to rows, and the schema is validated only in tests.
    """
    frames: dict[str, Any] = {}

    def named_data(part: Any) -> Any:
        if not isinstance(part.data, pd.DataFrame):
            return part
        bare = part.copy(deep=False)
        name = next((known for known, frame in frames.items() if frame is part.data), f"data-{len(frames)}")
        frames[name], bare.data = part.data, alt.NamedData(name=name)
        return bare

    bare = named_data(chart).copy(deep=False)
    bare.layer = [named_data(layer) for layer in chart.layer]
    spec: dict[str, Any] = bare.to_dict(validate=False)
    return {**spec, "datasets": frames}


def svg(chart: alt.LayerChart, label: str) -> str:
    """Return a chart as an SVG element for an HTML page, with colours as CSS variables and tooltips as titles.

    Parameters
    ----------
    chart
        Chart in the light theme; its colours are replaced by the CSS variables of both themes.
    label
        Text alternative of the chart.
    """
    import vl_convert  # takes a second to load, so only when a report is written

    text = vl_convert.vegalite_to_svg(chart.to_dict(), allowed_base_urls=[])
    root = ElementTree.fromstring(text.replace(' xmlns="http://www.w3.org/2000/svg"', "", 1))
    names = {colour: f"var({name})" for name, colour in named(LIGHT).items() if name != "--primary"}
    own = f"c{zlib.crc32(text.encode()):08x}-"  # makes the IDs of clips and gradients unique among the charts of a page
    for element in root.iter():
        said = element.attrib.pop("aria-label", "")
        for noise in ("role", "aria-roledescription", "aria-hidden", "pointer-events", "class", "cursor"):
            element.attrib.pop(noise, None)
        if said and element.tag in _MARKS:
            ElementTree.SubElement(element, "title").text = said
        for name, value in element.items():
            if name in ("fill", "stroke") and value in names:
                element.set(name, names[value])
            elif name == "id":
                element.set(name, own + value)
            elif value.startswith("url(#"):
                element.set(name, value.replace("#", f"#{own}", 1))
    width, height = root.attrib.pop("width"), root.attrib.pop("height")
    root.attrib.clear()
    root.attrib |= {"viewBox": f"-{_SPARE} 0 {float(width) + 3 * _SPARE:g} {height}", "role": "img", "aria-label": label}
    return ElementTree.tostring(root, encoding="unicode")
