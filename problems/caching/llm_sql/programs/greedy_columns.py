"""Columns in one order, each time the column with which the prefixes so far save most, then rows sorted by it.

The greedy heuristic for small tries of D. Comer, Analysis of a heuristic for full trie minimization, ACM Transactions on Database
Systems 6(3) (1981) 513-537, with characters for nodes. The best order of columns is NP-hard to find: D. Comer, R. Sethi, The
complexity of trie index construction, Journal of the ACM 24(3) (1977) 428-440.
"""


def reorder(columns, rows):
    """Append the column whose cells repeat most characters among rows that agree in all columns before it."""
    order, left = [], list(range(len(columns)))
    groups = [0] * len(rows)  # number of the prefix of each row
    while left:
        best = None
        for c in left:
            keys = {}
            numbers, saved = [], 0
            for group, row in zip(groups, rows, strict=True):
                size = len(keys)
                numbers.append(keys.setdefault((group, row[c]), size))
                if len(keys) == size:
                    saved += len(columns[c]) + len(row[c]) + 3
            if best is None or saved > best[0]:
                best = (saved, c, numbers)
        _, c, groups = best
        order.append(c)
        left.remove(c)
    return {"rows": sorted(range(len(rows)), key=lambda row: [rows[row][c] for c in order]), "fields": [order[:] for _ in rows]}
