"""Queries over published tables, split by table, and tables made up for stress tests."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from workbench.model import Instance, Split

from .shapes import SHAPES

_DATA = Path(__file__).parent / "data" / "tables.json.xz"

SMALL, LARGE = 200, 500
"""Rows of a query, or all rows of the table if it has fewer."""

_COPIES = {Split.TRAIN: {"small": 2, "large": 1}, Split.VALIDATION: {"small": 2, "large": 1}, Split.TEST: {"small": 1, "large": 1}}
"""Queries of each class for each table."""


@dataclass(frozen=True)
class Source:
    """A recorded table: names of its columns, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, identical on all machines and Python versions: each is drawn from its id.

    train, validation and test ask about different tables.
    """
    return list(_instances(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    if split is Split.STRESS:
        return tuple(
            Instance(id, family, make(generator(id), copy))
            for family, (copies, make) in SHAPES.items()
            for copy in range(copies)
            for id in [f"{split}-{family}-{copy}"]
        )
    return tuple(
        query(f"{split}-{name}-{family}-{copy}", family, source)
        for name, source in tables(split).items()
        for family, copies in _COPIES[split].items()
        for copy in range(copies)
    )


def query(id: str, family: str, source: Source) -> Instance:
    """Draw rows of a table and two thirds of its columns or more; both come in random order."""
    rng = generator(id)
    width = len(source.columns)
    columns = rng.sample(range(width), rng.randint(-(-2 * width // 3), width))
    rows = rng.sample(source.rows, min(len(source.rows), SMALL if family == "small" else LARGE))
    return Instance(
        id, family, {"columns": [source.columns[c] for c in columns], "rows": [[row[c] for c in columns] for row in rows]}
    )


def tables(split: Split) -> dict[str, Source]:
    """Return the tables that belong to a split, by name."""
    return _tables()[split]


@lru_cache
def _tables() -> dict[str, dict[str, Source]]:
    kept = json.loads(lzma.decompress(_DATA.read_bytes()))
    return {
        split: {name: Source(tuple(table["columns"]), tuple(zip(*table["cells"], strict=True))) for name, table in of_split.items()}
        for split, of_split in kept.items()
    }


def generator(id: str) -> random.Random:
    """Return the random generator of an instance."""
    return random.Random(f"caching/llm_sql {id}")
