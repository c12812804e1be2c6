"""Instances as those of the test split, drawn for one program: other workflows of its recordings, at other times."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 3
"""Instances of each class on each fleet."""


def instances(seed: int) -> list[Instance]:
    """Draw workflows, lengths, arrivals and promises anew."""
    return list(made.usual_ones(Split.TEST, f"fresh-{seed}", _COPIES))
