"""What a chart holds: the rows that its marks show, its scales and its axes, read from the specification that is drawn."""

from __future__ import annotations

from typing import Any

import altair as alt

from workbench.report import vega


def specification(chart: alt.LayerChart) -> dict[str, Any]:
    """The chart as Vega-Lite, checked against its schema; a page is given the same."""
    whole, quick = chart.to_dict(), vega.specification(chart)
    assert quick.keys() == whole.keys() and quick["encoding" if "encoding" in whole else "config"]
    assert [layer["encoding"] for layer in quick["layer"]] == [layer["encoding"] for layer in whole["layer"]]
    return whole


def layers(chart: alt.LayerChart, mark: str) -> list[dict[str, Any]]:
    """Layers of one kind of mark."""
    return [layer for layer in specification(chart)["layer"] if layer["mark"]["type"] == mark]


def rows(chart: alt.LayerChart, mark: str, **where: Any) -> list[dict[str, Any]]:
    """Rows of the first layer of such marks (before its filters), those with these values."""
    whole = specification(chart)
    layer = next(layer for layer in whole["layer"] if layer["mark"]["type"] == mark)
    found = whole["datasets"][(layer.get("data") or whole["data"])["name"]]
    return [row for row in found if all(row[name] == value for name, value in where.items())]


def domain(chart: alt.LayerChart, channel: str) -> list[Any]:
    """The domain that a channel's scale was given."""
    found = [layer["encoding"][channel]["scale"]["domain"] for layer in specification(chart)["layer"]
             if "domain" in (layer["encoding"].get(channel, {}).get("scale") or {})]  # fmt: skip
    return list(found[0])
