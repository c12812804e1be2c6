"""Another form of an instance: other clients, and other guesses of the same quality, which were drawn at random before too."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation

from . import instances as made


def _redrawn(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    rows = data["requests"]
    return {**data, **made.workload([row[0] for row in rows], [made.Lengths(row[1], row[2]) for row in rows], rng)}


RELATIONS = (Relation("other clients and guesses", _redrawn, factor=None),)
