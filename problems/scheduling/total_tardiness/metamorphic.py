"""Other forms of an instance: jobs listed in another order, and another unit of time."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def _shuffled(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    n = len(data["due"])
    turn = rng.sample(range(n), n)
    return {key: [data[key][j] for j in turn] for key in ("processing", "due")}


def _doubled(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    return {key: [2 * value for value in data[key]] for key in ("processing", "due")}


RELATIONS = (
    Relation("jobs in another order", _shuffled),
    Relation("all times doubled", _doubled, factor=2.0, decides=False),
)
