"""Other forms of an instance: zones and regions with other numbers, another beginning of the recording, another currency."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation

from .recordings import runs


def _renumbered(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    zones = rng.sample(range(len(data["zone_region"])), len(data["zone_region"]))
    regions = rng.sample(range(len(data["transfer"])), len(data["transfer"]))
    changed = {key: [data[key][zone] for zone in zones] for key in ("on_demand_price", "spot_price", "available")}
    return {
        **data,
        **changed,
        "zone_region": [regions.index(data["zone_region"][zone]) for zone in zones],
        "home": regions.index(data["home"]),
        "transfer": [[data["transfer"][a][b] for b in regions] for a in regions],
    }


def _later(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    # What comes before the new beginning follows the end, in all zones alike.
    ticks = len(data["available"][0])
    first = rng.randrange(ticks // 4, 3 * ticks // 4)
    prices = [[price for price, count in series for _ in range(int(count))] for series in data["spot_price"]]
    return {
        **data,
        "available": [series[first:] + series[:first] for series in data["available"]],
        "spot_price": [runs(series[first:] + series[:first]) for series in prices],
    }


def _doubled(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    return {
        **data,
        "on_demand_price": [2 * price for price in data["on_demand_price"]],
        "spot_price": [[[2 * price, count] for price, count in series] for series in data["spot_price"]],
        "transfer": [[2 * price for price in row] for row in data["transfer"]],
    }


RELATIONS = (
    Relation("zones and regions with other numbers", _renumbered),
    Relation("recording begins at another tick", _later, factor=None),
    Relation("all prices doubled", _doubled, factor=2.0, decides=False),
)
