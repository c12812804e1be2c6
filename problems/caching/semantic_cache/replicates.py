"""Further streams over the texts of validation, for a run that cannot tell its best candidates apart."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 8


def instances(seed: int) -> list[Instance]:
    """Draw streams of each class."""
    return list(made.streams(Split.VALIDATION, f"replicate-{seed}", _COPIES))
