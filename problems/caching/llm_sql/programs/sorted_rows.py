"""Rows sorted by their texts, columns as the table has them (ORDER BY all columns)."""


def reorder(columns, rows):
    """Sort the rows."""
    return {"rows": sorted(range(len(rows)), key=lambda row: rows[row]), "fields": [list(range(len(columns))) for _ in rows]}
