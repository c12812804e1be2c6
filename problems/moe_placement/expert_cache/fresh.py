"""Instances as those of the test split, drawn for one program: other models of the shapes of test, and other requests."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 2
"""Instances of each shape and class."""


def instances(seed: int) -> list[Instance]:
    """Draw other routers, requests and hints."""
    return list(made.usual(Split.TEST, f"fresh-{seed}", _COPIES))
