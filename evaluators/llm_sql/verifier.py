"""A table becomes prompts, row by row; counts the characters that a prefix cache does not have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.checks import describe, permutation, sequence
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Measurement, Policy

Ints = NDArray[np.int64]

_MARKS = len(": \n")
"""Characters around the name of a column and a cell's text."""


@dataclass(frozen=True)
class Table:
    """A table whose cells are numbered: equal numbers mean equal text in the same column.

    Attributes
    ----------
    columns, texts
        Names, and the text of each cell by row.
    cells
        Number of each cell by row and column.
    lengths
        Characters of each numbered cell in a prompt: name, text and marks.
    """

    columns: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    cells: Ints
    lengths: Ints

    @property
    def characters(self) -> int:
        """Characters of all prompts."""
        return int(self.lengths[self.cells].sum())


def table_from(data: Mapping[str, Any]) -> Table:
    """Number the cells of an instance.

    Raises
    ------
    ProblemError
        There is no row or no column, rows differ in length, a name occurs twice, or something is no text.
    """
    columns, rows = data["columns"], data["rows"]
    if not columns or not rows or len(set(columns)) < len(columns) or any(len(row) != len(columns) for row in rows):
        raise ProblemError("llm_sql: a table needs rows of equal length and columns with different names")
    if any(type(text) is not str for row in (columns, *rows) for text in row):
        raise ProblemError("llm_sql: names and cells must be texts")
    numbers: dict[tuple[int, str], int] = {}
    cells = [[numbers.setdefault((column, text), len(numbers)) for column, text in enumerate(row)] for row in rows]
    lengths = [len(columns[column]) + len(text) + _MARKS for column, text in numbers]
    return Table(tuple(columns), tuple(tuple(row) for row in rows), np.array(cells), np.array(lengths))


def characters_read(table: Table, rows: Sequence[int], fields: Sequence[Sequence[int]]) -> int:
    """Return the characters that are not at the beginning of the prompt before, over all prompts.

    Parameters
    ----------
    rows
        Numbers of the rows in the order of their prompts.
    fields
        For each row, by its number, the columns in the order in which its prompt has them.
    """
    read, before = table.characters, None
    for row in rows:
        if before is not None:
            for ours, theirs in zip(fields[row], fields[before], strict=True):
                if ours != theirs or table.cells[row, ours] != table.cells[before, theirs]:
                    break
                read -= int(table.lengths[table.cells[row, ours]])
        before = row
    return read


class Reordering:
    """Verifier for the order of rows and fields. The policy is called once; only numbers of rows and columns come back."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Request both orders and return the share of characters that the cache does not have.

        Raises
        ------
        Infeasible
            The answer is not {"rows": permutation, "fields": [permutation for each row]}.
        """
        table = table_from(instance.data)
        # Copies: a policy in the same process must not be able to modify the instance.
        answer = policy(list(table.columns), [list(row) for row in table.texts])
        if type(answer) is not dict or set(answer) != {"rows", "fields"}:
            raise Infeasible(f'the answer must be a dict with "rows" and "fields" and nothing else, got {describe(answer)}')
        rows = permutation(answer["rows"], len(table.texts), "rows")
        fields = [
            permutation(own, len(table.columns), f"fields[{row}]")
            for row, own in enumerate(sequence(answer["fields"], "fields", len(table.texts)))
        ]
        share = characters_read(table, rows, fields) / table.characters
        return Measurement(share, {"hit_rate": 1 - share})
