"""Instances as those of the test split, drawn for one program: other streams over the texts of test."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 10


def instances(seed: int) -> list[Instance]:
    """Draw streams of each class."""
    return list(made.streams(Split.TEST, f"fresh-{seed}", _COPIES))
