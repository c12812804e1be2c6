"""Rows that have one cell become a group, the cell of the greatest gain first; it starts with the most frequent cell."""

import heapq


# EVOLVE-BLOCK-START
def gain(length: int, count: int, shared: int, rows: int, distinct: int, columns: int, depth: int) -> float:
    """Gain of making a group of the rows that have one cell; the greatest comes first. All arguments are numbers.

    length    characters of the cell in a prompt, with the name of its column
    count     rows that have it and are in no group yet, at least 2
    shared    characters of all cells that these rows have in common, this one included
    rows      rows to be grouped here
    distinct  different values that the column has in these rows
    columns   columns that are not settled here
    depth     groups around this one
    """
    return count


# EVOLVE-BLOCK-END


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
    lengths = [[len(name) + len(text) + 3 for name, text in zip(columns, row, strict=True)] for row in rows]
    order, fields = [], [[] for _ in rows]
    waiting = [(list(range(len(rows))), [], 0)]
    while waiting:
        group, settled, depth = waiting.pop()
        left = [c for c in range(len(columns)) if c not in settled]
        alone, groups = _split(group, left, rows, lengths, depth)
        for row in alone:
            order.append(row)
            fields[row] = settled + left
        for members, common in groups:
            waiting.append((members, settled + common, depth + 1))
    return {"rows": order, "fields": fields}


def _split(group, left, rows, lengths, depth):
    """Return the rows of a group that share nothing with others, and groups with the columns in which they agree."""
    members = {}
    for row in group:
        for c in left:
            members.setdefault((c, rows[row][c]), []).append(row)
    distinct = {}
    for c, _ in members:
        distinct[c] = distinct.get(c, 0) + 1

    def judged(cell):
        some, c = members[cell], cell[0]
        first = some[0]
        common = [k for k in left if all(rows[row][k] == rows[first][k] for row in some)]
        shared = sum(lengths[first][k] for k in common)
        value = gain(lengths[first][c], len(some), shared, len(group), distinct[c], len(left), depth)
        return -value, number[cell], len(some), cell, common

    number = {cell: k for k, cell in enumerate(members)}  # a tie goes to the cell that was seen first
    queue = [judged(cell) for cell, some in members.items() if len(some) > 1]
    heapq.heapify(queue)
    free, groups = dict.fromkeys(group), []
    while queue:
        _, _, count, cell, common = heapq.heappop(queue)
        some = members[cell] = [row for row in members[cell] if row in free]
        if len(some) < 2:
            continue
        if len(some) < count:  # others have taken rows of it
            heapq.heappush(queue, judged(cell))
            continue
        groups.append((some, common))
        for row in some:
            del free[row]
    return list(free), groups
