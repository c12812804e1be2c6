"""Columns in one order by what they repeat, rows sorted by it; all of it may change."""


# EVOLVE-BLOCK-START
def reorder(columns: list[str], rows: list[list[str]]) -> dict[str, list]:
    """Order the rows of a table, and the fields of each row, so that prompts begin like the prompt before them.

    Parameters
    ----------
    columns
        Names of the columns, all different.
    rows
        The text of each cell, by row and column.

    Returns
    -------
    dict[str, list]
        "rows": each row number once, in the order of the prompts. "fields": for each row, by its number, each column number
        once, in the order in which its prompt has them.

    Examples
    --------
    >>> reorder(["city", "year"], [["Rome", "1960"], ["Oslo", "1952"], ["Rome", "2024"]])
    {'rows': [1, 0, 2], 'fields': [[0, 1], [0, 1], [0, 1]]}
    """
    repeated = []  # characters of cells that have been seen before in their column
    for c, name in enumerate(columns):
        seen, characters = set(), 0
        for row in rows:
            if row[c] in seen:
                characters += len(name) + len(row[c]) + 3
            seen.add(row[c])
        repeated.append(characters)
    order = sorted(range(len(columns)), key=lambda c: -repeated[c])
    return {"rows": sorted(range(len(rows)), key=lambda row: [rows[row][c] for c in order]), "fields": [order[:] for _ in rows]}


# EVOLVE-BLOCK-END
