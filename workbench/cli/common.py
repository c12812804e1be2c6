"""What several commands need: where output goes, common options."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from workbench.api.judging import Subject, subject
from workbench.cli.console import console

Runs = Annotated[Path, typer.Option("--runs", help="The runs folder.", envvar="EVOLVE_RUNS")]
Json = Annotated[bool, typer.Option("--json", help="One JSON value as the last line of stdout; all else goes to stderr.")]
Unsafe = Annotated[bool, typer.Option("--allow-unsafe", help="Run even where this kernel cannot isolate candidates.")]
Isolation = Annotated[str | None, typer.Option("--isolation", help="Force a level: full, seccomp-only or none.", hidden=True)]
DEFAULT_RUNS = Path("runs")


def emit(value: Any) -> None:
    """Print the one JSON value."""
    sys.stdout.write(json.dumps(value, allow_nan=False) + "\n")
    sys.stdout.flush()


def table(*columns: str, right: str = "") -> Table:
    """A plain table; columns named in `right` (separated by spaces) are right-aligned."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, justify="right" if column in right.split() else "left", header_style="dim", overflow="fold")
    return made


def program_or_run(what: str, candidate: int | None, problem: str | None, runs: Path) -> Subject:
    """The program that a command is about; a note on it goes to stderr."""
    found = subject(what, candidate=candidate, problem=problem, runs=runs)
    if found.note:
        console(True).print(f"note: {found.note}")
    return found
