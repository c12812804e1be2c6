"""Builds the problem's table from measurements: python -m problems.knob_tuning.postgres.pack uniform FILE ..."""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluators.postgres.cost_table import packed

from .measured_space import DATABASES, SPACE, TRANSACTIONS


def main() -> None:
    """Write data/NAME.json.gz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", choices=DATABASES)
    parser.add_argument("records", type=Path, nargs="+", help="files that `measure` has written of the same; the median counts")
    parser.add_argument("--add", action="store_true", help="keep what the table has of other queries and transactions")
    options = parser.parse_args()
    record = together([json.loads(file.read_text()) for file in options.records])
    kinds = {json.loads(key)[0] for key in record.get("writes", {})}
    table = packed(record, SPACE, {kind: of[0] for kind, of in TRANSACTIONS.items() if kind in kinds})
    file = Path(__file__).parent / "data" / f"{options.database}.json.gz"
    if options.add:
        table = added(json.loads(gzip.decompress(file.read_bytes())), table)
    # Without a time stamp in the header, so that the file is reproducible.
    file.write_bytes(gzip.compress(json.dumps(table, separators=(",", ":")).encode(), 9, mtime=0))
    print(f"{file}: {file.stat().st_size:,} bytes, {len(table['queries'])} queries, {len(table['writes'])} kinds of transactions")


def together(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Merge records of the same database: median CPU times of queries, all runs of writes; everything else must be equal."""
    first = records[0]
    for other in records[1:]:
        for name in ("rows", "table_kib", "index_kib", "plans", "read"):
            if first[name] != other[name]:
                sys.exit(f"not the same measurements: {name} differ")
        for case, runs in other["writes"].items():
            first["writes"].setdefault(case, []).extend(runs)
    for query in first["cpu"]:
        rows = list(zip(*(record["cpu"][query] for record in records), strict=True))
        if any(row[:6] != same[0][:6] for same in rows for row in same):
            sys.exit(f"not the same measurements: plans of {query} differ")
        first["cpu"][query] = [[*same[0][:6], statistics.median(row[6] for row in same)] for same in rows]
    return first


def added(table: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Add the queries and transactions of another table of the same database."""
    parts = ("queries", "writes")
    for name in table:
        if name not in parts and table[name] != more[name]:
            sys.exit(f"not the same database: {name} differ")
    return {name: {**value, **more[name]} if name in parts else value for name, value in table.items()}


if __name__ == "__main__":
    main()
