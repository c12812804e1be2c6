"""Lower bound on the characters that must be read, in whatever order rows and fields come."""

from __future__ import annotations

import numpy as np

from evaluators.llm_sql.verifier import Table


def lower_bound(table: Table) -> int:
    """Return the larger of two bounds, in characters.

    Every different cell is read at least once. And the prompt of a row has at most those cells in common with the prompt before
    it that the two rows have in common; the pairs of neighbours form a path through all rows, so what is saved is at most the
    weight of a maximum spanning tree.
    """
    different = int(table.lengths[np.unique(table.cells)].sum())
    return max(different, table.characters - heaviest_tree(table))


def heaviest_tree(table: Table) -> int:
    """Return the weight of a maximum spanning tree of the rows; an edge weighs the cells that two rows have in common."""
    weights = table.lengths[table.cells]
    best = np.full(len(table.cells), -1)
    outside = np.ones(len(table.cells), dtype=bool)
    total, row = 0, 0
    for _ in range(len(table.cells) - 1):
        outside[row] = False
        np.maximum(best, np.where(table.cells == table.cells[row], weights, 0).sum(axis=1), out=best)
        row = int(np.where(outside, best, -1).argmax())
        total += int(best[row])
    return total
