"""The command export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.api import modules as api
from workbench.cli.common import (
    DEFAULT_RUNS,
    FileOfProblem,
    Json,
    Prefer,
    ProblemBeside,
    ProblemOrRun,
    Runs,
    Unsafe,
    emit,
    program_or_run,
)
from workbench.cli.console import console
from workbench.values import NOT_VERIFIED


def export_(
    what: ProblemOrRun,
    out: Annotated[Path, typer.Option("--out", "-o", help="The module to write.")],
    file: FileOfProblem = None,
    problem: ProblemBeside = None,
    candidate: Annotated[int | None, typer.Option(help="Candidate to export (default: best).")] = None,
    prefer: Prefer = "gap",
    force: Annotated[bool, typer.Option("--force", help="Replace the files if they exist.")] = False,
    runs: Runs = DEFAULT_RUNS,
    allow_unsafe: Unsafe = False,
    as_json: Json = False,
) -> None:
    """Write a heuristic as a standalone Python module with a self-test.

    The program stays as it is. Before anything is written the finished module has to pass its self-test in the sandbox, under
    other names and hash seeds. Its certificate, if it has one, is written beside it, and so are large test cases.

    [bold]Examples[/bold]

      evolve export latest --out my_rule.py
      evolve export total_tardiness my_program.py --out my_rule.py
      python my_rule.py
    """
    subject = program_or_run(what, candidate, problem, runs, prefer, command="export", file=file)
    made = api.export(subject, out, force=force, runs=runs, allow_unsafe=allow_unsafe)
    if as_json:
        emit(
            {"out": str(out), "problem": subject.loaded.slug, "version": subject.loaded.version, "run": subject.run or subject.name,
             "candidate": subject.number or 0, "verdict": made.verdict, "files": [str(path) for path in made.files],
             "certificate": made.certificate}
        )  # fmt: skip
    else:
        beside = ", ".join(path.name for path in made.files[1:])
        words = f"; beside it {beside}" if beside else ""
        check = f"; check it with: python {out}" if subject.loaded.evaluator is None else f"; {NOT_VERIFIED}"
        console().print(f"wrote {out}{words}{check}")
