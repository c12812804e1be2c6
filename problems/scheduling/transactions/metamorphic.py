"""Other forms of an instance: transactions listed in another order, and keys with other names."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def _shuffled(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    return {"transactions": [_copy(slots) for slots in rng.sample(data["transactions"], len(data["transactions"]))]}


def _renamed(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    # Popular keys have small numbers in some batches, which a rule may have found out.
    keys = sorted({entry[1] for slots in data["transactions"] for entry in slots if entry})
    name = dict(zip(keys, rng.sample(range(10 * len(keys)), len(keys)), strict=True))
    return {"transactions": [[entry and [entry[0], name[entry[1]]] for entry in slots] for slots in data["transactions"]]}


def _copy(slots: list[Any]) -> list[Any]:
    return [entry and list(entry) for entry in slots]


RELATIONS = (
    Relation("transactions in another order", _shuffled),
    Relation("keys with other names", _renamed, decides=False),
)
