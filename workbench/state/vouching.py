"""Problem folders and run options that may be used because this user has used them before."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.state import database


def vouch_for_folder(folder: Path, content: str) -> None:
    """Record that the user named this problem folder when it had this content.

    Raises
    ------
    StoreError
        The state directory cannot be written.
    """
    with database.writing() as state:
        state.execute("INSERT OR IGNORE INTO folders VALUES (?, ?, ?)", (str(folder.resolve()), content, time.time()))


def known_contents(folder: Path) -> frozenset[str]:
    """Return hashes of the contents this problem folder had when the user named it on this machine."""
    return frozenset(str(row[0]) for row in database.rows("SELECT content FROM folders WHERE path = ?", str(folder.resolve())))


def vouch_for_run(runs: Path, run: str, options: Mapping[str, Any]) -> None:
    """Record that the user gave a run in this runs folder these options.

    Raises
    ------
    StoreError
        The state directory cannot be written.
    """
    with database.writing() as state:
        known = (str(runs.resolve()), run, _hash(options), time.time())
        state.execute("INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?)", known)


def knows_run(runs: Path, run: str, options: Mapping[str, Any]) -> bool:
    """Whether the user gave a run in this runs folder exactly these options, on this machine."""
    query = "SELECT 1 FROM runs WHERE folder = ? AND run = ? AND options = ?"
    return bool(database.rows(query, str(runs.resolve()), run, _hash(options)))


def _hash(options: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()
