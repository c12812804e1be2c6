"""The commands certify and recheck."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from workbench.api import judging as api
from workbench.api.loading import load, problem_of
from workbench.certificate import Opening
from workbench.cli.common import (
    DEFAULT_RUNS,
    FileOfProblem,
    Json,
    OwnProblem,
    Prefer,
    ProblemBeside,
    ProblemOrRun,
    Runs,
    Unsafe,
    emit,
    program_or_run,
)
from workbench.cli.console import console
from workbench.errors import ProblemFault, UsageError
from workbench.model import Status
from workbench.problem.catalog import LoadedProblem
from workbench.sandbox import open_sandbox
from workbench.store import OPENINGS, Ledger, Run


def certify_(
    what: ProblemOrRun,
    file: FileOfProblem = None,
    problem: ProblemBeside = None,
    candidate: Annotated[int | None, typer.Option(help="Candidate to certify (default: best).")] = None,
    prefer: Prefer = "gap",
    force: Annotated[
        bool, typer.Option("--force", help=f"Allow test-set access beyond {OPENINGS} programs; the certificate says so.")
    ] = False,
    found_by: Annotated[
        str | None, typer.Option(help="Who wrote a file: person, 'agent NAME', 'model NAME' or operators. Runs record it.")
    ] = None,
    meter: Annotated[
        bool, typer.Option("--meter", help="If it is certified, also judge planted cheats, and say which check rejects each.")
    ] = False,
    runs: Runs = DEFAULT_RUNS,
    allow_unsafe: Unsafe = False,
    as_json: Json = False,
) -> None:
    """Evaluate on the held-out test set and the robustness tests.

    Compares the program with every baseline on test instances, and checks robustness (out-of-distribution instances),
    determinism, growth of time and memory, and sensitivity to constants. Verdicts: certified; no significant improvement;
    did not generalize; failed robustness. Each access to the test set is counted.

    [bold]Examples[/bold]

      evolve certify latest
      evolve certify total_tardiness my_rule.py --found-by person --json
    """
    words = console(as_json)
    subject = program_or_run(what, candidate, problem, runs, prefer, command="certify", file=file)

    def counted(opening: Opening) -> None:
        words.print(f"{opening} ({subject.loaded.slug}, version {subject.loaded.version})")

    with stages(words) as progress:
        certificate = api.certify(
            subject, force=force, found_by=found_by, metered=meter, runs=runs, allow_unsafe=allow_unsafe, on_opening=counted,
            on_progress=progress,
        )  # fmt: skip
    if as_json:
        emit(certificate.to_json())
        return
    words.print(f"{certificate.verdict.words}: {certificate.reason}", style="bold")
    words.print(certificate.origin)
    for check in certificate.checks:
        words.print(f"  {check.word.upper() if check.passed is False else check.word:<10}  {check.line}")
    for note in certificate.notes:
        words.print(f"  note        {note}")


def recheck_(
    name: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Run ID, unambiguous part of one, or latest.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All runs whose problem has changed since.")] = False,
    problem: OwnProblem = None,
    runs: Runs = DEFAULT_RUNS,
    allow_unsafe: Unsafe = False,
    as_json: Json = False,
) -> None:
    """Evaluate stored best candidates again after a problem has changed.

    A problem's version is a hash of its statement, instances, data, verifier and references. The original scores are kept;
    the new ones are stored next to them, with their version.

    [bold]Examples[/bold]

      evolve recheck latest
      evolve recheck --all --json
    """
    if everything == (name is not None):
        raise UsageError("give either a run or --all")
    words = console(as_json)
    own = None if problem is None else load(problem)
    found = []
    with Ledger(runs) as store:
        rows = store.runs() if name is None else [store.run(name)]
        for row in rows:
            found.append(_again(store, row, words, allow_unsafe, own, only_changed=everything))
            words.print(f"{row.id}: {_summary(found[-1])}")
    if as_json:
        emit(found)
    elif not rows:
        words.print("no runs yet; start one with: evolve demo")


def _again(
    store: Ledger, row: Run, words: Console, allow_unsafe: bool, own: LoadedProblem | None, *, only_changed: bool
) -> dict[str, Any]:
    """Evaluate a run's best candidate with the current version of its problem; the entry of `recheck --json`."""
    from workbench.certification.recheck import move, score_again, standing

    found: dict[str, Any] = {"run": row.id, "problem": row.problem, "candidate": row.champion, "before": row.version}
    if row.champion is None:
        return found | {"state": "no champion"}
    try:
        loaded = problem_of(row, own if own and (not only_changed or own.slug == row.problem) else None)
        found["after"] = loaded.version
        if only_changed and loaded.version == row.version:
            return found | {"state": "same version"}
        program = store.candidate(row.id, row.champion).program
        assert program, "a champion was valid, so it has a program"
        opened = contextlib.closing(open_sandbox(loaded.problem.modules, allow_unsafe=allow_unsafe))
        with opened as sandbox, stages(words) as progress:
            reports = score_again(loaded, program, sandbox, lambda split: progress(f"{row.id}: {split}", 0, 1))
    except (ProblemFault, UsageError) as error:
        return found | {"state": "problem not usable", "message": str(error)}
    moves = [move(store.report(row.id, row.champion, split), report) for split, report in reports.items()]
    for report in reports.values():
        store.add_recheck(row.id, row.champion, loaded.version, report)
    state = (
        "fails now" if any(m.status is not Status.OK for m in moves) else "moved" if any(m.moved for m in moves) else "as before"
    )
    return found | {
        "state": state, "splits": {m.split.value: m.to_json() for m in moves}, "lines": [str(m) for m in moves],
        "standing": standing(loaded, reports),
    }  # fmt: skip


_STATES = {"moved": "scores changed", "as before": "scores unchanged", "fails now": "fails now", "no champion": "no best candidate",
           "same version": "same version", "problem not usable": "problem cannot be loaded"}  # fmt: skip
"""States in `--json`, in words."""


def _summary(found: dict[str, Any]) -> str:
    state = _STATES[found["state"]]
    if "splits" not in found:
        return f"{state}{': ' + found['message'] if 'message' in found else ''}"
    before, after = found["before"], found["after"]
    version = f"version {before} -> {after}" if before != after else f"version {after}, unchanged"
    line = f"candidate {found['candidate']}: {state} ({version}); {'; '.join(found['lines'])}"
    return f"{line}; {found['standing']}" if found["standing"] else line


@contextlib.contextmanager
def stages(words: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Show stages and their steps: a bar on a terminal, otherwise one line per stage."""
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
