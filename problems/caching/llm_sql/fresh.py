"""Instances as those of the test split, drawn for one program: other queries over the tables that belong to test."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made

_COPIES = {"small": 2, "large": 1}


def instances(seed: int) -> list[Instance]:
    """Draw rows and columns of each table anew."""
    return [
        made.query(f"fresh-{seed}-{name}-{family}-{copy}", family, source)
        for name, source in made.tables(Split.TEST).items()
        for family, copies in _COPIES.items()
        for copy in range(copies)
    ]
