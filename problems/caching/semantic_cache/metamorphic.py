"""Other forms of an instance: answers, categories and texts with other numbers, and steps half as long."""

from __future__ import annotations

import base64
import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def renumbered(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """Give answers and categories other numbers, and list the texts in another order."""
    rows, dims = data["queries"], data["dims"]
    raw = base64.b64decode(data["vectors"])
    texts = [raw[at : at + dims] for at in range(0, len(raw), dims)]
    place = rng.sample(range(len(texts)), len(texts))
    answers = sorted({row[3] for row in rows})
    answer = dict(zip(answers, rng.sample(range(10 * max(answers) + 10), len(answers)), strict=True))
    category = rng.sample(range(data["categories"]), data["categories"])
    moved = [b""] * len(texts)
    for old, new in enumerate(place):
        moved[new] = texts[old]
    queries = [[step, place[text], category[own], answer[number]] for step, text, own, number in rows]
    return {**data, "vectors": base64.b64encode(b"".join(moved)).decode(), "queries": queries}


def _finer(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    return {**data, "steps": 2 * data["steps"], "queries": [[2 * step, *rest] for step, *rest in data["queries"]]}


RELATIONS = (
    Relation("answers, categories and texts with other numbers", renumbered),
    Relation("steps half as long", _finer, decides=False),
)
