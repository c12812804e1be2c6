"""Other forms of an instance: nodes with other numbers, and other units of bandwidth and of value."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def renumbered(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """Give the nodes other numbers, and list the arcs in another order."""
    new = rng.sample(range(data["nodes"]), data["nodes"])
    arcs = [[new[u], new[v], mbps] for u, v, mbps in data["arcs"]]
    requests = [[step, new[s], new[t], bw, value] for step, s, t, bw, value in data["requests"]]
    return {**data, "arcs": rng.sample(arcs, len(arcs)), "requests": requests}


def _finer(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    arcs = [[u, v, 2 * mbps] for u, v, mbps in data["arcs"]]
    return {**data, "arcs": arcs, "requests": [[step, s, t, 2 * bw, value] for step, s, t, bw, value in data["requests"]]}


def _dearer(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    return {**data, "requests": [[step, s, t, bw, 3 * value] for step, s, t, bw, value in data["requests"]]}


RELATIONS = (
    Relation("nodes with other numbers", renumbered),
    Relation("bandwidth in half the unit", _finer, decides=False),
    Relation("values in a third of the unit", _dearer, decides=False),
)
