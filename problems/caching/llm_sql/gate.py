"""Stress instances for the robustness filter, one of each class; none is among the held-out ones."""

from __future__ import annotations

from workbench.model import Instance

from . import instances as made
from .shapes import SHAPES, ten_times

FAMILIES = {
    "ten-times": "there are several times as many rows as in training, of a few columns",
    "single-row": "the table has a single row",
    "single-column": "the table has a single column",
    "equal-rows": "all rows are equal, or nearly all",
    "nothing-in-common": "no value occurs twice in a column",
    "no-text": "most cells are empty, so that names of columns are most of a prompt",
    "coins": "all columns hold one of two values of equal length, so that ties are everywhere",
    "own-columns": "each group of rows agrees in columns of its own, so that no order of columns suits all",
    "same-words": "the same words stand in all columns, where a word in another column is no hit",
    "long-texts": "a long text hardly ever comes back and short values do",
    "chain": "each row has one long value in common with one row and another with another",
    "joined": "rows come from a join, so that keys decide other columns",
}
"""Description of each class, for messages."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed."""
    found = []
    for family in FAMILIES:
        id = f"gate-{seed}-{family}"
        rng = made.generator(id)
        copies, make = SHAPES[family]
        # Half of the rows of the held-out ones.
        data = ten_times(rng, 0, 1_000) if family == "ten-times" else make(rng, rng.randrange(copies))
        found.append(Instance(id, family, data))
    return found
