"""The command references: bounds, optima and baseline results."""

from __future__ import annotations

import contextlib
import os
from typing import Annotated

import typer
from rich.console import Console

from workbench.api.loading import load
from workbench.cli.common import Json, emit, table
from workbench.cli.console import console
from workbench.errors import UsageError
from workbench.formatting import percent
from workbench.loop.display import Steps
from workbench.model import Split
from workbench.problem import catalog
from workbench.problem.foreign import refuse
from workbench.problem.gap import mean_gap
from workbench.problem.make_references import make_references
from workbench.problem.reachable import measure
from workbench.problem.references import FILE, PARTIAL
from workbench.sandbox import open_sandbox


def references(
    problem: Annotated[str, typer.Argument(help="Problem ID, unambiguous suffix, or folder.")],
    workers: Annotated[int | None, typer.Option(help="Solver processes; default: one per core.")] = None,
    make: Annotated[bool, typer.Option("--make", help="Solve all instances again and replace references.json.")] = False,
    missing: Annotated[
        bool, typer.Option("--missing", help="Solve instances and run baselines that are missing in references.json.")
    ] = False,
    reachable: Annotated[
        bool, typer.Option("--reachable", help="Measure again what an oracle reaches that knows less than the reference.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show baseline results; compute references.json if it is missing.

    After an interruption, the same command continues with the instances that are not solved yet.

    [bold]Examples[/bold]

      evolve references total_tardiness
      evolve references ./my_problem --make
      evolve references ./my_problem --missing    # after instances or a baseline were added
      evolve references eplb --reachable          # where problem.py has reachable.py beside it
    """
    words = console(as_json)
    loaded = load(problem)
    if make and missing:
        raise UsageError("use either --make or --missing")
    if workers is not None and workers < 1:
        raise UsageError(f"--workers must be at least 1, not {workers}")
    refuse(loaded.slug, loaded.folder, "have references")
    if make or missing or not (loaded.folder / FILE).exists():
        _make(loaded, workers or os.cpu_count() or 1, missing, words)
        loaded = catalog.reload(problem)
        catalog.vouch(loaded)
    if reachable:
        words.print(f"wrote {measure(loaded, workers or os.cpu_count() or 1, Steps(console(True)).show)}")
    measured = {split: {n: loaded.references.families(n, split) for n, _ in loaded.references.ranking} for split in Split}
    if as_json:
        emit({split.value: gaps for split, gaps in measured.items()})
        return
    for split in Split:
        kinds = loaded.references.kinds(split)
        words.print(f"\n{split}: {', '.join(f'{n} {kind}' for kind, n in kinds.items())}", style="bold")
        families = list(dict.fromkeys(i.family for i in loaded.instances(split)))
        shown = table("baseline", *families, "mean", right=" ".join(["mean", *families]))
        for name, gaps in sorted(measured[split].items(), key=lambda pair: mean_gap(pair[1])):
            shown.add_row(name, *(percent(gaps[f]) for f in families), percent(mean_gap(gaps)))
        words.print(shown)


def _make(loaded: catalog.LoadedProblem, workers: int, missing: bool, words: Console) -> None:
    partial = loaded.folder / PARTIAL
    aside = console(True)
    if partial.exists():
        aside.print(f"continuing from {partial}, left by an interrupted run; delete it to start over")
    try:
        with contextlib.closing(open_sandbox(loaded.problem.modules)) as sandbox:
            path = make_references(loaded, sandbox, workers=workers, missing=missing, on_progress=Steps(aside).show)
    except KeyboardInterrupt:
        aside.print("stopped; solved instances are kept, and the same command continues")
        raise
    words.print(f"wrote {path}")
