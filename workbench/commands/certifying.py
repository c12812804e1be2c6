"""The commands of the second look: certify and recheck."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from workbench.commands.judging import program_or_run
from workbench.commands.shared import DEFAULT_RUNS, Json, Runs, Unsafe, console, emit
from workbench.ledger import OPENINGS, Judged, Ledger
from workbench.sandbox import open_sandbox


def certify_(
    what: Annotated[str, typer.Argument(metavar="RUN|FILE", help="A run (its champion is judged) or a Python file.")],
    problem: Annotated[str | None, typer.Option(help="The problem, for a file.")] = None,
    candidate: Annotated[int | None, typer.Option(help="Another candidate of the run than its champion.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help=f"Open the test split for more than {OPENINGS} programs; the certificate says so.")
    ] = False,
    runs: Runs = DEFAULT_RUNS,
    allow_unsafe: Unsafe = False,
    as_json: Json = False,
) -> None:
    """The second look: is it a discovery? The verdict and its evidence are kept in the runs folder.

    Every baseline on the sealed test split, stress families, determinism, growth of time and memory, constants moved a
    little, the drop from train to test, and what could be left out. Each opening of the test split is counted.

    [bold]Examples[/bold]

      evolve certify latest
      evolve certify my_rule.py --problem total_tardiness --json
    """
    from workbench.certify import certify, require  # numpy is not worth waiting for in every other command

    words = console(as_json)
    loaded, program, origin = program_or_run(what, problem, candidate, runs)
    require(loaded)
    judged = Judged(program, origin.run, loaded.slug, loaded.version)
    if origin.recorded:
        judged = replace(judged, name=f"{origin.run}:{origin.candidate}", run=origin.run, number=origin.candidate)
    with Ledger(runs) as store, contextlib.closing(open_sandbox(loaded.problem.modules, allow_unsafe=allow_unsafe)) as sandbox:
        opening = store.open_test(judged, force=force)
        words.print(f"{opening} ({loaded.slug}, version {loaded.version})")
        with stages(words) as progress:
            found = certify(loaded, program, sandbox, on_progress=progress)
        certificate = replace(found, opening=opening.to_json(), seen=origin.seen)
        evidence = certificate.to_json()
        store.add_certificate(judged, opening, certificate.verdict.value, evidence)
    if as_json:
        emit(evidence)
        return
    words.print(f"{certificate.verdict}: {certificate.reason}", style="bold")
    for check in certificate.checks:
        words.print(f"  {'passed' if check.passed else 'FAILED'}  {check.line}")
    if certificate.seen:
        words.print(f"  note    {certificate.seen}")


@contextlib.contextmanager
def stages(words: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Shows stages with their steps: a bar on a terminal, else one line a stage."""
    if not words.is_terminal:
        last = ""

        def line(stage: str, done: int, total: int) -> None:
            nonlocal last
            if stage != last:
                last = stage
                words.print(f"{stage}: {total} steps")

        yield line
        return
    columns = (
        TextColumn("{task.description:24}"),
        BarColumn(32),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=words, transient=True) as bars:
        task = bars.add_task("starting", total=1)

        def bar(stage: str, done: int, total: int) -> None:
            bars.update(task, description=stage, completed=done, total=total)

        yield bar
