"""`evolve report`: a run as one self-contained HTML page."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from workbench.api.loading import problem_of
from workbench.cli.common import DEFAULT_RUNS, Json, OwnProblem, Runs, emit
from workbench.cli.console import console
from workbench.errors import UsageError
from workbench.store import Reader


def report_(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Run ID, unambiguous part of one, or latest.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    problem: OwnProblem = None,
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Write a run as a self-contained HTML page.

    It contains the verdict, charts, the best candidate, its lineage and the result of every instance, without scripts.

    [bold]Example[/bold]

      evolve report latest --out report.html
    """
    from workbench.report.page import gather, render  # imports numpy, which other commands do not need

    if out.exists() and not force:
        raise UsageError(f"{out} already exists; choose another name or replace it with --force")
    if not out.parent.is_dir():
        raise UsageError(f"cannot write {out}: folder {out.parent} does not exist")
    with contextlib.closing(Reader(runs)) as store:
        own = None if problem is None else problem_of(store.run(name), problem)
        material = gather(store, name, own)
        text = render(store, material)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from error
    if as_json:
        best = material.own
        emit(
            {"out": str(out), "bytes": len(text.encode()), "run": material.run.id, "problem": material.run.problem,
             "candidate": best.number if best else None, "validation_gap": best.gap if best else None, "note": material.note,
             "comparisons": [c.to_json() for c in material.comparisons]}
        )  # fmt: skip
        return
    console().print(f"wrote {out}; open it in a browser")
