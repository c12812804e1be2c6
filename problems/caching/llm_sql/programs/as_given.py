"""Rows and columns as the table has them: what a query does that does not think of the cache."""


def reorder(columns, rows):
    """Return both orders unchanged."""
    return {"rows": list(range(len(rows))), "fields": [list(range(len(columns))) for _ in rows]}
