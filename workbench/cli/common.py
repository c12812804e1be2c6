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
from workbench.errors import UsageError

Runs = Annotated[Path, typer.Option("--runs", help="The runs folder.", envvar="EVOLVE_RUNS")]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON value as the last line of stdout; everything else goes to stderr.")
]
Unsafe = Annotated[bool, typer.Option("--allow-unsafe", help="Run even if this kernel cannot isolate candidates.")]
OwnProblem = Annotated[
    str | None, typer.Option("--problem", help="The run's problem, needed if it is a folder that you never used on this machine.")
]
ProblemOrFile = Annotated[str, typer.Argument(metavar="PROBLEM", help="Problem ID, unambiguous suffix, or folder.")]
ProblemOrRun = Annotated[
    str, typer.Argument(metavar="RUN|PROBLEM", help="A run (its best candidate), or the problem of a file: ID, suffix, or folder.")
]
FileOfProblem = Annotated[
    str | None, typer.Argument(metavar="[FILE]", help="A Python file, after its problem.", show_default=False)
]
ProblemBeside = Annotated[str | None, typer.Option("--problem", help="The problem, where the file stands alone.", hidden=True)]
"""`FILE --problem PROBLEM`, as it was written once."""
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


def problem_and_file(command: str, first: str, second: str | None, problem: str | None) -> tuple[str, str]:
    """Return problem and file, from `PROBLEM FILE` or `FILE --problem PROBLEM`.

    Raises
    ------
    UsageError
        One of them is missing, or the problem is given twice.
    """
    if (second is None) == (problem is None):
        told = f"{first} stands alone" if second is None else "the problem is given twice"
        raise UsageError(f"{told}; give problem and file: {command} PROBLEM FILE")
    return (first, second) if second is not None else (str(problem), first)


def program_or_run(
    what: str, candidate: int | None, problem: str | None, runs: Path, prefer: str, *, command: str = "", file: str | None = None
) -> Subject:
    """Find the program that a command is about; print a note on it, if any, to stderr. With `file`, `what` is its problem."""
    if file is not None:
        problem, what = problem_and_file(f"evolve {command}", what, file, problem)
        if not what.endswith(".py"):
            raise UsageError(f"{what} is no Python file (.py)")
    found = subject(what, candidate=candidate, problem=problem, runs=runs, prefer=prefer)
    if found.note:
        console(True).print(f"note: {found.note}")
    return found
