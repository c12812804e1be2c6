"""The command export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.api import judging as api
from workbench.cli.common import DEFAULT_RUNS, Json, Runs, Unsafe, emit, program_or_run
from workbench.cli.console import console


def export_(
    what: Annotated[str, typer.Argument(metavar="RUN|FILE", help="A run (its best candidate) or a Python file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The module to write.")],
    problem: Annotated[str | None, typer.Option(help="Problem of a file.")] = None,
    candidate: Annotated[int | None, typer.Option(help="Candidate to export (default: best).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    runs: Runs = DEFAULT_RUNS,
    allow_unsafe: Unsafe = False,
    as_json: Json = False,
) -> None:
    """Write a heuristic as a standalone Python module with a self-test.

    [bold]Examples[/bold]

      evolve export latest --out my_rule.py
      python my_rule.py
    """
    subject = program_or_run(what, candidate, problem, runs)
    made = api.export(subject, out, force=force, runs=runs, allow_unsafe=allow_unsafe)
    if as_json:
        emit(
            {"out": str(out), "problem": subject.loaded.slug, "version": subject.loaded.version, "run": subject.run or subject.name,
             "candidate": subject.number or 0, "verdict": made.verdict}
        )  # fmt: skip
    else:
        console().print(f"wrote {out}; check it with: python {out}")
