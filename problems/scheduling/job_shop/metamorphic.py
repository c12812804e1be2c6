"""Another form of an instance: jobs listed in another order, and machines with other numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def _renamed(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    count = 1 + max(machine for route in data["machines"] for machine in route)
    name = rng.sample(range(count), count)
    turn = rng.sample(range(len(data["machines"])), len(data["machines"]))
    return {
        "durations": [list(data["durations"][j]) for j in turn],
        "machines": [[name[machine] for machine in data["machines"][j]] for j in turn],
    }


RELATIONS = (Relation("jobs and machines in another order", _renamed),)
