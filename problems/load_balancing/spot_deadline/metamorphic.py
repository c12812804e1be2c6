"""Other forms of an instance: the recording begins at another tick, and another currency."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from workbench.model import Instance
from workbench.protocols import Relation


def applies(instance: Instance) -> bool:
    """Whether spot comes and goes: otherwise a recording is the same wherever it begins."""
    return len(set(instance.data["available"])) > 1


def _later(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    # What comes before the new beginning follows the end.
    available, prices = data["available"], [price for price, count in data["spot_price"] for _ in range(int(count))]
    first = rng.randrange(len(available) // 4, 3 * len(available) // 4)
    runs = [[price, len(list(run))] for price, run in groupby(prices[first:] + prices[:first])]
    return {**data, "available": available[first:] + available[:first], "spot_price": runs}


def _doubled(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    prices = [[2 * price, count] for price, count in data["spot_price"]]
    return {**data, "on_demand_price": 2 * data["on_demand_price"], "spot_price": prices}


RELATIONS = (
    Relation("recording begins at another tick", _later, factor=None),
    Relation("all prices doubled", _doubled, factor=2.0, decides=False),
)
