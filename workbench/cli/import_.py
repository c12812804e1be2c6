"""The command import: programs that another project found become a run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from workbench.api.importing import import_run
from workbench.cli.common import DEFAULT_RUNS, Json, Runs, Unsafe, emit
from workbench.cli.console import console
from workbench.loop.display import Progress
from workbench.store import Store


def import_(
    path: Annotated[Path, typer.Argument(help="OpenEvolve checkpoint or output folder, or ShinkaEvolve database.")],
    problem: Annotated[str, typer.Option("--problem", help="Problem ID, unambiguous suffix, or folder.")],
    workers: Annotated[int | None, typer.Option(help="Evaluation processes; default: one per core.")] = None,
    runs: Runs = DEFAULT_RUNS,
    allow_unsafe: Unsafe = False,
    as_json: Json = False,
) -> None:
    """Import what OpenEvolve or ShinkaEvolve has recorded, as a run; every program is scored again by the problem's verifier.

    The files are only read. A program that does not fit the problem is an attempt that failed, with the reason.

    [bold]Examples[/bold]

      evolve import openevolve_output --problem total_tardiness
      evolve import results/programs.sqlite --problem ./my_problem
    """
    words = console(as_json)
    with Progress(words).running() as display:
        result, added = import_run(path, problem, runs=runs, workers=workers, display=display, allow_unsafe=allow_unsafe)
    found = result.outcome
    with Store(result.runs, write=False) as store:
        statuses = Counter(a.status.value for a in store.attempts(found.run) if a.operator != "seed")
    told = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
    words.print(
        f"run {found.run}: {found.proposer}; {added} attempts added" + ("" if added else ", it was imported before") + f"; {told}"
    )
    if as_json:
        emit({**found.to_json(), "imported": found.proposer, "added": added, "statuses": dict(statuses)})
