"""Another form of a sampled instance: its pods, which were drawn independently, arrive in another order."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.model import Instance
from workbench.protocols import Relation

from . import instances as made


def applies(instance: Instance) -> bool:
    """Whether pods were drawn independently; the whole trace has an order of its own."""
    return instance.family in made.WORKLOADS


def _reordered(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    return {**data, "arrivals": rng.sample(data["arrivals"], len(data["arrivals"]))}


RELATIONS = (Relation("pods in another order of arrival", _reordered, factor=None),)
