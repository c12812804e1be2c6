"""Other forms of an instance: customers listed in another order, and the map turned."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def _shuffled(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    turn = [0, *rng.sample(range(1, len(data["demand"])), len(data["demand"]) - 1)]
    return {**data, "coords": [list(data["coords"][k]) for k in turn], "demand": [data["demand"][k] for k in turn]}


def _turned(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    # By a quarter, so that coordinates stay whole and not negative.
    top = max(y for _, y in data["coords"])
    return {**data, "coords": [[top - y, x] for x, y in data["coords"]], "demand": list(data["demand"])}


RELATIONS = (
    Relation("customers in another order", _shuffled),
    Relation("map turned by a quarter", _turned, decides=False),
)
