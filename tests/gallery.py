"""Records the run that ships in runs/gallery: python -m tests.gallery

A real run of the built-in operators, with this version of the project. Afterwards nothing in it names the machine it was made on,
and the file is no longer in WAL mode, so that looking at it needs no file beside it and changes nothing.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from workbench.problem import catalog
from workbench.store import FILE, Store

PROBLEM, ATTEMPTS, SEED = "scheduling/transactions", 200, 0
PLACE = catalog.root() / "runs" / "gallery" / FILE
_PAGE = 1024
"""Bytes: sources and results waste less of small pages."""


def main() -> None:
    """Run, clean, shrink, put in place."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "workbench.cli", "run", PROBLEM, "--proposer", "builtin", "--candidates", str(ATTEMPTS),
                   "--seed", str(SEED), "--from", "seed", "--runs", folder]  # fmt: skip
        subprocess.run(command, cwd=catalog.root(), check=True)
        with Store(folder) as store:
            run = store.run("latest").id
        made = Path(folder) / FILE
        settle(made, run)
        shutil.copyfile(made, PLACE)
    print(f"{PLACE}: {PLACE.stat().st_size / 1e6:.2f} MB")


def settle(path: Path, run: str) -> None:
    """Leave a database of one run that is only to be read; its problem is found by slug."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("UPDATE runs SET folder = problem WHERE id = ?", (run,))
    database.execute("PRAGMA journal_mode = DELETE")
    database.execute(f"PRAGMA page_size = {_PAGE}")
    database.execute("VACUUM")
    database.close()


if __name__ == "__main__":
    main()
