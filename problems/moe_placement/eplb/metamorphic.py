"""Another form of an instance: experts and layers with other numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def _renamed(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    layers, experts = len(data["next"][0]), len(data["next"][0][0])
    turn = rng.sample(range(layers), layers)
    names = [rng.sample(range(experts), experts) for _ in range(layers)]

    def window(counts: Any) -> list[list[int]]:
        return [[counts[layer][expert] for expert in names[layer]] for layer in turn]

    # The layout at the beginning is the same for every instance, so it stays.
    return {**data, **{name: [window(counts) for counts in data[name]] for name in ("history", "next")}}


RELATIONS = (Relation("experts and layers in another order", _renamed),)
