"""Which program a command is about, and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from workbench.cli.common import champion_of, console
from workbench.cli.show import lineage
from workbench.errors import UsageError
from workbench.model import Program, Status
from workbench.problem import catalog
from workbench.problem.given import program_of
from workbench.store import AttemptSummary, Run, Store

SEEN_STRESS = "its run was gated: fresh instances of the stress families, not the ones used here, were seen in the loop"


class Origin(NamedTuple):
    """Where a program comes from: a run's attempt, or a file (then `run` is its name and there is no lineage).

    `seen` says what of the stress families its run had seen, empty where nothing.
    """

    run: str
    candidate: int
    writers: tuple[str, ...]  # labels of the models; empty: none wrote it
    lineage: list[AttemptSummary]
    recorded: bool = True
    seen: str = ""


def program_or_run(
    what: str, problem: str | None, candidate: int | None, runs: Path
) -> tuple[catalog.LoadedProblem, Program, Origin]:
    """Problem, program and origin: a file needs `--problem`, a run knows its own.

    Raises
    ------
    UsageError
        No such run, file, attempt or problem, or an attempt that is no valid program.
    """
    if problem is not None or what.endswith(".py"):
        if problem is None:
            raise UsageError(f"name the problem that {what} is for with --problem SLUG")
        loaded = catalog.load(problem)
        return loaded, program_of(loaded, what), Origin(f"file {Path(what).name}", 0, ("unknown: a file",), [], recorded=False)
    with Store(runs, write=False) as store:
        row = store.run(what)
        number = champion_of(row, candidate)
        found = store.candidate(row.id, number)
        writers = _writers(store, row)
        steps = lineage({a.number: a for a in store.attempts(row.id)}, number)
    if found.program is None or found.status is not Status.OK:
        raise UsageError(f"candidate {number} of run {row.id} is no valid program ({found.status}): {found.message}")
    loaded = catalog.load_recorded(row.folder, row.problem)
    if loaded.version != row.version:
        note = f"note: {loaded.slug} changed since that run (version {row.version}, now {loaded.version})"
        console(True).print(note)
    seen = SEEN_STRESS if row.options.gate == "stress" else ""
    return loaded, found.program, Origin(row.id, number, writers, steps, seen=seen)


def _writers(store: Store, row: Run) -> tuple[str, ...]:
    """Labels of the models that wrote a run's programs; a replay's are those of the run that it repeats."""
    name = row.options.proposer.partition("replay:")[2]
    if not name:
        return (row.proposer,) if row.uses_model else ()
    try:
        source = store.run(name)
    except UsageError:  # that run is in another folder by now
        source = row
    return _writers(store, source) if source.created < row.created else (row.proposer,)
