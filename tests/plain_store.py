"""A runs folder with its texts as older versions kept them: uncompressed, each in a column of its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from workbench.store import FILE, Store
from workbench.store.texts import listed


def plain(store: Store) -> None:
    """Put every text of a folder back into the columns of the layout before."""
    texts = store._texts
    programs = [(texts.source(row), row["id"]) for row in store._rows("SELECT * FROM candidates")]
    calls = [(*texts.prompt_and_answer(row), row["id"]) for row in store._rows("SELECT * FROM calls")]
    scores = [(listed(texts.results(row)), row["run"], row["number"], row["split"]) for row in store._rows("SELECT * FROM scores")]
    with store._transaction() as db:
        db.executemany("UPDATE candidates SET source = ?, text = NULL, characters = NULL WHERE id = ?", programs)
        db.executemany(
            "UPDATE calls SET system = ?, user = ?, response = ?, text = NULL WHERE id = ?",
            [(prompt.system, prompt.user, answer, id) for prompt, answer, id in calls],
        )
        db.executemany("UPDATE scores SET results = ?, text = NULL WHERE run = ? AND number = ? AND split = ?", scores)
        db.execute("DELETE FROM texts")


def as_before(folder: Path) -> None:
    """Leave a folder as the version wrote it that kept all texts plain (layout 8)."""
    with Store(folder) as store:
        plain(store)
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.executescript(
            "ALTER TABLE candidates DROP COLUMN text; ALTER TABLE candidates DROP COLUMN characters; "
            "ALTER TABLE calls DROP COLUMN text; ALTER TABLE scores DROP COLUMN text; DROP TABLE texts; "
            "CREATE INDEX calls_by_run ON calls(run, number); "
            "PRAGMA user_version = 8"
        )
