"""Greedy group recursion, without its early stop.

S. Liu, A. Biswal, A. Kamsetty, A. Cheng, L. G. Schroeder, L. Patel, S. Cao, X. Mo, I. Stoica, J. E. Gonzalez, M. Zaharia,
Optimizing LLM queries in relational data analytics workloads, MLSys 2025, algorithm 1. A cell scores the square of its length,
and the squares of mean lengths in the columns that it determines, times the rows that have it but one. The rows of the best cell
come first, with it and what it determines in front; then the same among them with the columns left, and among the other rows.
Functional dependencies come with a schema there; here they are found in the table, keys left out.
"""

LIMITS = (10**9, 10**9)  # splits by rows and by columns before the rest is left to statistics


def reorder(columns, rows):
    """Return the recursion's order."""
    size = [[len(name) + len(text) + 3 for name, text in zip(columns, row, strict=True)] for row in rows]
    implied = _dependencies(columns, rows)
    order, fields = [], [[] for _ in rows]
    waiting = [(list(range(len(rows))), [], list(range(len(columns))), 0, 0)]
    while waiting:
        group, settled, left, row_depth, column_depth = waiting.pop()
        best = None
        if len(group) > 1 and left and row_depth < LIMITS[0] and column_depth < LIMITS[1]:
            best = _best_cell(group, left, rows, size, implied)
        if best is None:
            by = _by_statistics(group, left, rows, size)
            for row in sorted(group, key=lambda row: [rows[row][c] for c in by]):
                order.append(row)
                fields[row] = settled + by
            continue
        c, text, front = best
        having = [row for row in group if rows[row][c] == text]
        others = [row for row in group if rows[row][c] != text]
        if others:
            waiting.append((others, settled, left, row_depth + 1, column_depth))
        waiting.append((having, settled + front, [k for k in left if k not in front], row_depth, column_depth + 1))
    return {"rows": order, "fields": fields}


def _best_cell(group, left, rows, size, implied):
    """Return column and text of the cell with the greatest score, and the columns to come first; None if nothing repeats."""
    best, score = None, 0
    for c in left:
        having = {}
        for row in group:
            having.setdefault(rows[row][c], []).append(row)
        front = [c] + [k for k in implied[c] if k in left]
        for text, some in having.items():
            if len(some) > 1:
                total = size[some[0]][c] ** 2 + sum((sum(size[row][k] for row in some) / len(some)) ** 2 for k in front[1:])
                if total * (len(some) - 1) > score:
                    best, score = (c, text, front), total * (len(some) - 1)
    return best


def _dependencies(columns, rows):
    """For each column that is no key, those of which it determines the value."""
    implied = []
    for c in range(len(columns)):
        first = {}
        for row in rows:
            first.setdefault(row[c], row)
        if len(first) == len(rows):
            implied.append([])
        else:
            implied.append([k for k in range(len(columns)) if k != c and all(row[k] == first[row[c]][k] for row in rows)])
    return implied


def _by_statistics(group, left, rows, size):
    """Columns by mean length times the number of cells that repeat a value."""

    def score(c):
        return (len(group) - len({rows[row][c] for row in group})) * sum(size[row][c] for row in group) / len(group)

    return sorted(left, key=lambda c: -score(c))
