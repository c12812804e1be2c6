"""The commands of the second look: certify and recheck."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from workbench.api import judging as api
from workbench.certificate import Opening
from workbench.cli.common import DEFAULT_RUNS, Json, Runs, Unsafe, emit, program_or_run
from workbench.cli.console import console
from workbench.errors import ProblemError, UsageError
from workbench.model import Status
from workbench.problem import catalog
from workbench.sandbox import open_sandbox
from workbench.store import OPENINGS, Ledger, Run


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
    words = console(as_json)
    subject = program_or_run(what, candidate, problem, runs)

    def counted(opening: Opening) -> None:
        words.print(f"{opening} ({subject.loaded.slug}, version {subject.loaded.version})")

    with stages(words) as progress:
        certificate = api.certify(
            subject, force=force, runs=runs, allow_unsafe=allow_unsafe, on_opening=counted, on_progress=progress
        )
    if as_json:
        emit(certificate.to_json())
        return
    words.print(f"{certificate.verdict}: {certificate.reason}", style="bold")
    for check in certificate.checks:
        words.print(f"  {'passed' if check.passed else 'FAILED'}  {check.line}")
    if certificate.seen:
        words.print(f"  note    {certificate.seen}")


def recheck_(
    name: Annotated[str | None, typer.Argument(metavar="[RUN]", help="A run's id, part of it, or latest.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every run whose problem is of another version now.")] = False,
    runs: Runs = DEFAULT_RUNS,
    allow_unsafe: Unsafe = False,
    as_json: Json = False,
) -> None:
    """Score stored champions again after a problem has changed, and say what moved.

    A problem's version is a hash of its statement, instances, data, verifier and references. The first scores stay as they
    were; the new ones are kept beside them with their version.

    [bold]Examples[/bold]

      evolve recheck latest
      evolve recheck --all --json
    """
    if everything == (name is not None):
        raise UsageError("name a run, or say --all")
    words = console(as_json)
    told = []
    with Ledger(runs) as store:
        rows = store.runs() if name is None else [store.run(name)]
        for row in rows:
            found = _again(store, row, words, allow_unsafe, only_changed=everything)
            told.append(found)
            words.print(f"{row.id}: {_summary(found)}")
    if as_json:
        emit(told)
    elif not rows:
        words.print("no runs yet; start one with: evolve demo")


def _again(store: Ledger, row: Run, words: Console, allow_unsafe: bool, *, only_changed: bool) -> dict[str, Any]:
    """One run's champion scored with today's version: what `recheck --json` tells of it."""
    from workbench.certification.recheck import move, score_again, standing

    told: dict[str, Any] = {"run": row.id, "problem": row.problem, "candidate": row.champion, "before": row.version}
    if row.champion is None:
        return told | {"state": "no champion"}
    try:
        loaded = catalog.load_recorded(row.folder, row.problem)
        told["after"] = loaded.version
        if only_changed and loaded.version == row.version:
            return told | {"state": "same version"}
        program = store.candidate(row.id, row.champion).program
        assert program, "a champion was valid, so it has a program"
        opened = contextlib.closing(open_sandbox(loaded.problem.modules, allow_unsafe=allow_unsafe))
        with opened as sandbox, stages(words) as progress:
            reports = score_again(loaded, program, sandbox, lambda split: progress(f"{row.id}: {split}", 0, 1))
    except (ProblemError, UsageError) as error:
        return told | {"state": "problem not usable", "message": str(error)}
    moves = [move(store.report(row.id, row.champion, split), report) for split, report in reports.items()]
    for report in reports.values():
        store.add_recheck(row.id, row.champion, loaded.version, report)
    state = (
        "fails now" if any(m.status is not Status.OK for m in moves) else "moved" if any(m.moved for m in moves) else "as before"
    )
    return told | {
        "state": state, "splits": {m.split.value: m.to_json() for m in moves}, "lines": [str(m) for m in moves],
        "standing": standing(loaded, reports),
    }  # fmt: skip


def _summary(told: dict[str, Any]) -> str:
    if "splits" not in told:
        return f"{told['state']}{': ' + told['message'] if 'message' in told else ''}"
    version = (
        f"version {told['before']} -> {told['after']}" if told["before"] != told["after"] else f"version {told['after']}, the same"
    )
    line = f"candidate {told['candidate']} {told['state']} ({version}); {'; '.join(told['lines'])}"
    return f"{line}; {told['standing']}" if told["standing"] else line


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
