"""Instances as those of the test split, drawn for one program: other days on the networks of test."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 2
"""Days of each class on each network."""


def instances(seed: int) -> list[Instance]:
    """Draw other requests, from other amounts by pair."""
    return list(made.days(Split.TEST, f"fresh-{seed}", _COPIES))
