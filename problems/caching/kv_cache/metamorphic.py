"""Other forms of an instance: the recording begins later, and blocks with other numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def _later(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    # As if the node had been started after some of the requests; blocks are numbered as they appear, as in every instance.
    count = len(data["requests"])
    first = rng.randrange(max(1, count // 20), max(2, count // 5))
    names: dict[int, int] = {}
    start = data["facts"]["time_s"][first]
    return {
        "capacity": data["capacity"],
        "requests": [[names.setdefault(block, len(names)) for block in blocks] for blocks in data["requests"][first:]],
        "facts": {
            "time_s": [round(time_s - start, 3) for time_s in data["facts"]["time_s"][first:]],
            "tokens": data["facts"]["tokens"][first:],
        },
    }


def _renamed(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    # Elsewhere the numbers of blocks tell which appeared first, so that a rule may depend on them.
    count = 1 + max(block for blocks in data["requests"] for block in blocks)
    name = rng.sample(range(count), count)
    return {**data, "requests": [[name[block] for block in blocks] for blocks in data["requests"]]}


RELATIONS = (
    Relation("recording begins later", _later, factor=None),
    Relation("blocks with other numbers", _renamed, decides=False),
)
