"""Makes the table that the problem reads of what was measured: python -m problems.knob_tuning.postgres.pack uniform FILE."""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

from evaluators.cost_table import packed

from .measured_space import DATABASES, SPACE, TRANSACTIONS


def main() -> None:
    """Write data/NAME.json.gz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", choices=DATABASES)
    parser.add_argument("record", type=Path, help="file that `measure` has written")
    options = parser.parse_args()
    record = json.loads(options.record.read_text())
    kinds = {json.loads(key)[0] for key in record.get("writes", {})}
    table = packed(record, SPACE, {kind: of[0] for kind, of in TRANSACTIONS.items() if kind in kinds})
    file = Path(__file__).parent / "data" / f"{options.database}.json.gz"
    # Without a time in the header, so that the same figures make the same file.
    file.write_bytes(gzip.compress(json.dumps(table, separators=(",", ":")).encode(), 9, mtime=0))
    print(f"{file}: {file.stat().st_size:,} bytes, {len(table['queries'])} queries, {len(table['writes'])} kinds of transactions")


if __name__ == "__main__":
    main()
