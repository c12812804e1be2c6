"""The user's state directory: a small SQLite database that only its owner can read and write."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import StoreError

FILE = "state.db"

_LAYOUTS: tuple[str, ...] = (
    """
    CREATE TABLE folders (
        path TEXT NOT NULL,
        content TEXT NOT NULL,         -- hash of all that loading the problem may run
        created REAL NOT NULL,
        PRIMARY KEY (path, content)
    ) STRICT;
    CREATE TABLE runs (
        folder TEXT NOT NULL,          -- the runs folder
        run TEXT NOT NULL,
        options TEXT NOT NULL,         -- hash of the run's options
        created REAL NOT NULL,
        PRIMARY KEY (folder, run, options)
    ) STRICT;
    """,
    """
    CREATE TABLE accesses (
        id INTEGER PRIMARY KEY,
        split TEXT NOT NULL,
        problem TEXT NOT NULL,
        version TEXT NOT NULL,
        program TEXT NOT NULL,         -- SHA-256 of its text
        name TEXT NOT NULL,            -- run:number or the file's name
        folder TEXT NOT NULL,          -- the runs folder that keeps the certificate; empty: none
        forced INTEGER NOT NULL,       -- 1: beyond the limit, on demand
        created REAL NOT NULL
    ) STRICT;
    CREATE INDEX accesses_by_version ON accesses(problem, version, split);
    CREATE TABLE instances (
        access INTEGER NOT NULL REFERENCES accesses(id),
        instance TEXT NOT NULL,        -- hash of a test instance that the program was judged on
        PRIMARY KEY (instance, access)
    ) STRICT, WITHOUT ROWID;
    """,
)
"""Migrations from one layout to the next; released migrations are never edited."""


def place() -> Path:
    """Return the state directory: `$EVOLVE_STATE`, or `evolve` in `$XDG_STATE_HOME`, which is `~/.local/state` by default.

    Raises
    ------
    StoreError
        There is no home directory.
    """
    if given := os.environ.get("EVOLVE_STATE"):
        return Path(given).expanduser().absolute()
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    try:
        return (base if base.is_absolute() else Path.home() / ".local" / "state") / "evolve"
    except RuntimeError as error:
        raise StoreError(f"there is no home directory for a state directory ({error}); set EVOLVE_STATE") from error


@contextlib.contextmanager
def writing() -> Iterator[sqlite3.Connection]:
    """Open the database for one exclusive transaction; create it if it is missing.

    Raises
    ------
    StoreError
        The directory cannot be used, or other users can write the database.
    """
    path = place() / FILE
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        if not _is_own(path):
            raise StoreError(f"{path} can be written by other users, so it vouches for nothing; set EVOLVE_STATE")
        with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            _bring_up_to_date(database)
            yield database
            database.execute("COMMIT")
    except (OSError, sqlite3.DatabaseError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StoreError(f"the state directory {path.parent} cannot be used: {reason}; choose another with EVOLVE_STATE") from error


def rows(query: str, *values: object) -> list[tuple[object, ...]]:
    """Return rows; none if there is no database, or other users can write it."""
    try:
        path = place() / FILE
        if not _is_own(path):
            return []
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query, values).fetchall()
    except (OSError, StoreError, sqlite3.DatabaseError):
        return []


def _is_own(path: Path) -> bool:
    found = path.stat()
    return not hasattr(os, "geteuid") or (found.st_uid == os.geteuid() and not found.st_mode & 0o022)


def _bring_up_to_date(database: sqlite3.Connection) -> None:
    found = int(database.execute("PRAGMA user_version").fetchone()[0])
    if found > len(_LAYOUTS):
        raise sqlite3.DatabaseError(f"a newer version of evolve wrote it (layout {found}); update evolve")
    for number in range(found, len(_LAYOUTS)):
        for statement in _LAYOUTS[number].split(";\n"):
            if statement.strip():
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {number + 1}")
