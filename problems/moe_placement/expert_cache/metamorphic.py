"""Other forms of an instance: experts and tokens with other numbers, and times in another unit."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def renumbered(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """Give the experts of each layer other numbers."""
    experts = data["experts"]
    names = [rng.sample(range(experts), experts) for _ in range(data["layers"])]

    def new(ids: list[int]) -> list[int]:
        return [e - e % experts + names[e // experts][e % experts] for e in ids]

    usage = [[row[names[layer].index(e)] for e in range(experts)] for layer, row in enumerate(data["usage"])]
    need, hint = [new(ids) for ids in data["need"]], [[new(ids) for ids in rows] for rows in data["hint"]]
    return {**data, "usage": usage, "resident": new(data["resident"]), "need": need, "hint": hint}


def _reworded(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    words = sorted(set(data["token_ids"]) - {-1})
    new = {-1: -1} | dict(zip(words, rng.sample(range(10 * len(words) + 1), len(words)), strict=True))
    return {**data, "token_ids": [new[word] for word in data["token_ids"]]}


def _slower(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    return {**data, **{name: 2 * data[name] for name in ("load_us", "gate_us", "expert_us")}}


RELATIONS = (
    Relation("experts with other numbers", renumbered),
    Relation("tokens with other numbers", _reworded),
    Relation("all times doubled", _slower, decides=False),
)
