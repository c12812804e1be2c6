"""Other forms of an instance: rows and columns in another order, and cells with other texts of the same length."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def _shuffled(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    columns = rng.sample(range(len(data["columns"])), len(data["columns"]))
    rows = rng.sample(data["rows"], len(data["rows"]))
    return {"columns": [data["columns"][c] for c in columns], "rows": [[row[c] for c in columns] for row in rows]}


def _respelled(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    # Letters for letters, so that lengths and what is equal stay; digits change among themselves, as do ASCII letters.
    small, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
    new = "".join(rng.sample(small, 26))
    letters = str.maketrans(small + small.upper() + digits, new + new.upper() + "".join(rng.sample(digits, 10)))
    return {"columns": list(data["columns"]), "rows": [[text.translate(letters) for text in row] for row in data["rows"]]}


RELATIONS = (
    Relation("rows and columns in another order", _shuffled),
    Relation("texts with other letters", _respelled, decides=False),
)
