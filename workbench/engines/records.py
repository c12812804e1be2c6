"""Reads what other projects record of a search: OpenEvolve's checkpoints and ShinkaEvolve's databases. Nothing is written there."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.program.source import text_hash

_DATABASES = ("programs.sqlite", "evolution_db.sqlite")
_SQLITE = b"SQLite format 3\0"
_MOST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Foreign:
    """A program that another project recorded; `score` is what its own evaluator gave it, if that is a number."""

    id: str
    source: str
    language: str
    parent: str | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A search of another project: its kind, where it was found, and its programs, parents before children."""

    kind: str
    path: Path
    programs: tuple[Foreign, ...]

    @property
    def digest(self) -> str:
        """Hash of the programs: the same for the same content, wherever it lies."""
        return text_hash("\0".join(f"{one.id}\0{text_hash(one.source)}" for one in self.programs))[:16]


def read(path: Path) -> Recorded:
    """Read a folder of OpenEvolve (a checkpoint, or an output folder, whose latest is taken) or a database of ShinkaEvolve.

    Raises
    ------
    UsageError
        There is neither, or it cannot be read.
    """
    if not path.exists():
        raise UsageError(f"there is no file or folder {path}")
    try:
        if path.is_dir():
            if (found := next((path / name for name in _DATABASES if (path / name).is_file()), None)) is not None:
                return _shinka(found)
            return _openevolve(_checkpoint(path))
        return _shinka(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, sqlite3.Error) as error:
        raise UsageError(f"{path} cannot be read: {type(error).__name__}: {error}") from error


def _checkpoint(path: Path) -> Path:
    if (path / "metadata.json").is_file():
        return path
    for folder in (path, path / "checkpoints"):
        found = [(int(m[1]), p) for p in folder.glob("checkpoint_*") if (m := re.fullmatch(r"checkpoint_(\d{1,9})", p.name))]
        found = [(number, p) for number, p in found if (p / "metadata.json").is_file()]
        if found:
            return max(found)[1]
    raise UsageError(
        f"{path} is neither an OpenEvolve checkpoint (a folder with metadata.json and programs/) nor has a ShinkaEvolve database "
        f"({' or '.join(_DATABASES)})"
    )


def _openevolve(folder: Path) -> Recorded:
    found = []
    for file in sorted((folder / "programs").glob("*.json")):
        if file.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{file} has more than {_MOST_BYTES >> 20} MB, which no program needs")
        raw = json.loads(file.read_text(encoding="utf-8"))
        order = (int(raw.get("iteration_found") or 0), float(raw.get("timestamp") or 0.0), str(raw["id"]))
        score = _number((raw.get("metrics") or {}).get("combined_score"))
        found.append(
            (order, Foreign(str(raw["id"]), str(raw["code"]), str(raw.get("language") or "python"), raw.get("parent_id"), score))
        )
    return _recorded("OpenEvolve", folder, (one for _, one in sorted(found, key=lambda pair: pair[0])))


def _shinka(file: Path) -> Recorded:
    with file.open("rb") as stream:
        if stream.read(len(_SQLITE)) != _SQLITE:
            raise UsageError(f"{file} is no SQLite database, as ShinkaEvolve writes one")
    with tempfile.TemporaryDirectory() as folder:  # opening a database with a journal beside it would write there
        for part in (file, file.with_name(file.name + "-wal")):
            if part.is_file():
                shutil.copyfile(part, Path(folder) / part.name)
        with closing(sqlite3.connect(Path(folder) / file.name)) as database:
            database.row_factory = sqlite3.Row
            database.execute("PRAGMA trusted_schema = OFF")
            rows: list[Mapping[str, Any]] = database.execute(
                "SELECT id, code, language, parent_id, combined_score FROM programs ORDER BY generation, timestamp, id"
            ).fetchall()
    made = (Foreign(str(r["id"]), str(r["code"]), str(r["language"]), r["parent_id"], _number(r["combined_score"])) for r in rows)
    return _recorded("ShinkaEvolve", file, made)


def _recorded(kind: str, path: Path, programs: Iterable[Foreign]) -> Recorded:
    found = tuple(programs)
    if not found:
        raise UsageError(f"{path} holds no program")
    return Recorded(kind, path, found)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
