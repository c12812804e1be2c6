"""Options and output that several commands share."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from workbench.api.judging import Subject, subject
from workbench.cli.console import console

Runs = Annotated[Path, typer.Option("--runs", help="The runs folder.", envvar="EVOLVE_RUNS")]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON value as the last line of stdout; everything else goes to stderr.")
]
Unsafe = Annotated[bool, typer.Option("--allow-unsafe", help="Run even if this kernel cannot isolate candidates.")]
OwnProblem = Annotated[
    str | None, typer.Option("--problem", help="The run's problem, needed if it is a folder that you never used on this machine.")
]
Isolation = Annotated[str | None, typer.Option("--isolation", help="Force a level: full, seccomp-only or none.", hidden=True)]
Prefer = Annotated[
    str,
    typer.Option(help="Choose among candidates within noise of the best by gap, cpu or the problem's second objective."),
]
DEFAULT_RUNS = Path("runs")


def emit(value: Any) -> None:
    """Print a JSON value on one line."""
    sys.stdout.write(json.dumps(value, allow_nan=False) + "\n")
    sys.stdout.flush()


def table(*columns: str, right: str = "", whole: str = "") -> Table:
    """A plain table; columns named in `right` (separated by spaces) are right-aligned, those in `whole` are never wrapped."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        align: Literal["right", "left"] = "right" if column in right.split() else "left"
        made.add_column(column, justify=align, header_style="dim", overflow="fold", no_wrap=column in whole.split())
    return made


def program_or_run(what: str, candidate: int | None, problem: str | None, runs: Path, prefer: str) -> Subject:
    """Find the program that a command is about; print a note on it, if any, to stderr."""
    found = subject(what, candidate=candidate, problem=problem, runs=runs, prefer=prefer)
    if found.note:
        console(True).print(f"note: {found.note}")
    return found
