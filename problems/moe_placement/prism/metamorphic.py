"""Other forms of an instance: models listed in another order, and another unit of request rates."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def _shuffled(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    return {**data, "models": [dict(model) for model in rng.sample(data["models"], len(data["models"]))]}


def _doubled(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    return {**data, "models": [{**model, "rate": 2 * model["rate"]} for model in data["models"]]}


RELATIONS = (
    Relation("models in another order", _shuffled),
    Relation("all request rates doubled", _doubled, factor=2.0, decides=False),
)
