"""Further instances for the choice between candidates: days of the recordings that belong to validation, put together anew."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import fresh
from . import instances as made
from .recordings import v100_2023


def instances(seed: int) -> list[Instance]:
    """Draw eight instances of each class of validation."""
    part = [made.PARTS_V100[Split.VALIDATION]]
    return [
        i
        for kind in ("cross", "pair", "wide")
        for i in fresh.of_days(f"replicate-{seed}", v100_2023(), kind, part, made.CHECKPOINTS_GB)
    ]
