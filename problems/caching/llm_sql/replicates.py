"""Further queries over the tables of train and validation, for a run that cannot tell its best candidates apart."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made
from .shapes import ten_times


def instances(seed: int) -> list[Instance]:
    """Draw a query of either class for each table of validation, and a small one for each of train."""
    return [
        made.query(f"replicate-{seed}-{name}-{family}", family, source)
        for split, families in ((Split.VALIDATION, ("small", "large")), (Split.TRAIN, ("small",)))
        for name, source in made.tables(split).items()
        for family in families
    ]


def largest(seed: int) -> Instance:
    """One table of 2,000 rows, as many as a program must cope with."""
    id = f"replicate-{seed}-largest"
    return Instance(id, "largest", ten_times(made.generator(id), 0))
