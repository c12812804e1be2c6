"""Other forms of an instance: replicas in another order, steps with other names, and another unit of time."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def reordered(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """List the replicas in another order."""
    replicas = rng.sample(data["replicas"], len(data["replicas"]))
    if replicas == data["replicas"]:
        replicas = replicas[1:] + replicas[:1]
    return {**data, "replicas": replicas}


def _renamed(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    rows = [
        [at, f"app {app}", promise, [[[f"step {step}", *tokens] for step, *tokens in stage] for stage in stages]]
        for at, app, promise, stages in data["workflows"]
    ]
    return {**data, "workflows": rows}


def _slower(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    replicas = [{key: 2 * value if key.endswith("_s") else value for key, value in one.items()} for one in data["replicas"]]
    return {
        "replicas": replicas,
        "workflows": [[2 * at, app, 2 * promise, stages] for at, app, promise, stages in data["workflows"]],
    }


RELATIONS = (
    Relation("replicas in another order", reordered),
    Relation("applications and steps with other names", _renamed, decides=False),
    Relation("all times doubled", _slower, decides=False),
)
