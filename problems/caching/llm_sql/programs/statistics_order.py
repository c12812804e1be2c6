"""Columns in one order by statistics of the table, then rows sorted by it.

S. Liu, A. Biswal, A. Kamsetty, A. Cheng, L. G. Schroeder, L. Patel, S. Cao, X. Mo, I. Stoica, J. E. Gonzalez, M. Zaharia,
Optimizing LLM queries in relational data analytics workloads, MLSys 2025: what GGR falls back to. A column scores its mean
length times the number of its cells that repeat an earlier value; the greatest comes first.
"""


def reorder(columns, rows):
    """Sort columns by score, then rows."""

    def score(c):
        values = [row[c] for row in rows]
        return (len(rows) - len(set(values))) * sum(len(columns[c]) + len(text) + 3 for text in values) / len(rows)

    order = sorted(range(len(columns)), key=lambda c: -score(c))
    return {"rows": sorted(range(len(rows)), key=lambda row: [rows[row][c] for c in order]), "fields": [order[:] for _ in rows]}
