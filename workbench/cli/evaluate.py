"""Commands that score programs and take them home: eval, export, references."""

from __future__ import annotations

import contextlib
import math
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console

from workbench.cli.common import (
    DEFAULT_RUNS,
    Isolation,
    Json,
    Runs,
    Unsafe,
    champion_of,
    console,
    emit,
    table,
    the_split,
)  # fmt: skip
from workbench.cli.show import lineage
from workbench.errors import UsageError
from workbench.evaluation.evaluate import evaluate
from workbench.formatting import percent
from workbench.model import InstanceResult, Program, Split, Status
from workbench.problem import catalog
from workbench.problem.gap import mean_gap
from workbench.problem.given import program_of
from workbench.problem.make_references import make_references
from workbench.problem.references import FILE, PARTIAL
from workbench.run.display import Steps
from workbench.sandbox import open_sandbox
from workbench.store.ledger import Ledger
from workbench.store.store import FILE as STORE
from workbench.store.store import Store

SEEN_STRESS = "its run was gated: fresh instances of the stress families, not the ones used here, were seen in the loop"
_RESULT = ("id", "family", "status", "objective", "reference", "gap", "message", "seconds")


def eval_(
    problem: Annotated[str, typer.Argument(help="A problem's slug or folder.")],
    file: Annotated[str, typer.Argument(help="A Python file, or the name of one of the problem's programs.")],
    split: Annotated[str, typer.Option(help="train, validation or stress; certify alone opens test.")] = "validation",
    fresh: Annotated[bool, typer.Option("--fresh", help="A new process for every instance.")] = False,
    allow_unsafe: Unsafe = False,
    isolation: Isolation = None,
    as_json: Json = False,
    each: Annotated[
        bool, typer.Option("--each", help="With --json: also a line for every instance as soon as it is scored.")
    ] = False,
) -> None:
    """Score a program on a split, in the same sandbox and by the same verifier as in a run.

    [bold]Examples[/bold]

      evolve eval total_tardiness mdd
      evolve eval total_tardiness my_rule.py --split train --json
    """
    words = console(as_json)
    loaded = catalog.load(problem)
    wanted = the_split(split)
    if wanted is Split.TEST:
        raise UsageError("the test split is opened by `evolve certify` alone, which counts how often; use --split validation")
    program = program_of(loaded, file)
    instances = loaded.instances(wanted)
    done = 0

    def count(result: InstanceResult) -> None:
        nonlocal done
        done += 1
        if each and as_json:
            emit(_fields(result))
        if words.is_terminal:
            words.print(f"  {done}/{len(instances)}", end="\r")

    with contextlib.closing(open_sandbox(loaded.problem.modules, allow_unsafe=allow_unsafe, isolation=isolation)) as sandbox:
        report = evaluate(loaded, program, wanted, sandbox, fresh=fresh, on_result=count)
    if as_json:
        emit(
            {
                "status": report.status,
                "gap": report.gap,
                "message": report.message,
                "families": dict(report.families),
                "seconds": report.seconds,
                "isolation": sandbox.isolation,
                "instances": [_fields(result) for result in report.results],
            }
        )
        return
    words.print(f"{loaded.slug} {wanted}: {report.status}, gap {percent(report.gap)} in {report.seconds:.2f} s", style="bold")
    if report.message:
        words.print(report.message)
    shown = table("family", "gap", *(name for name, _ in loaded.references.ranking), right=" ".join(["gap", *loaded.programs]))
    by_baseline = [loaded.references.families(name, wanted) for name, _ in loaded.references.ranking]
    for family, gap in report.families.items():
        shown.add_row(family, percent(gap), *(percent(b[family]) for b in by_baseline))
    words.print(shown)


def _fields(result: InstanceResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in _RESULT}


def export_(
    what: Annotated[str, typer.Argument(metavar="RUN|FILE", help="A run (its champion is taken) or a Python file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The module to write.")],
    problem: Annotated[str | None, typer.Option(help="The problem, for a file.")] = None,
    candidate: Annotated[int | None, typer.Option(help="Another candidate of the run than its champion.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    runs: Runs = DEFAULT_RUNS,
    allow_unsafe: Unsafe = False,
    as_json: Json = False,
) -> None:
    """Write a heuristic as one Python module that needs nothing of us and checks itself.

    [bold]Examples[/bold]

      evolve export latest --out my_rule.py
      python my_rule.py
    """
    from workbench.export.module import Provenance, Step, record_cases, render

    loaded, program, origin = program_or_run(what, problem, candidate, runs)
    if out.exists() and not force:
        raise UsageError(f"{out} is there already; choose another name or replace it with --force")
    if not out.parent.is_dir():
        raise UsageError(f"{out} cannot be written: there is no folder {out.parent}")
    splits: tuple[Split, ...] = (Split.TRAIN, Split.VALIDATION)
    with contextlib.closing(open_sandbox(loaded.problem.modules, allow_unsafe=allow_unsafe)) as sandbox:
        measured = {"this program": {split.value: evaluate(loaded, program, split, sandbox, fresh=True).gap for split in splits}}
        cases = record_cases(loaded, program, sandbox)
    certificate = _certificate(program, loaded.version, runs)
    if certificate is not None:
        splits = (*splits, Split.TEST)
        measured["this program"][Split.TEST.value] = certificate["evidence"]["gaps"][Split.TEST.value]
    for name, _ in loaded.references.ranking:
        measured[name] = {split.value: mean_gap(loaded.references.families(name, split)) for split in splits}
    provenance = Provenance(
        loaded.slug,
        loaded.version,
        origin.run,
        origin.candidate,
        tuple(Step(step["number"], step["operator"], step["gap"]) for step in origin.lineage),
        origin.writers,
        datetime.now(UTC).date().isoformat(),
        *(_verdict(certificate) if certificate is not None else ()),
    )
    text = render(loaded, program, provenance, measured, cases)
    try:
        out.write_text(text)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from error
    if as_json:
        emit(
            {"out": str(out), "problem": loaded.slug, "version": loaded.version, "run": origin.run, "candidate": origin.candidate,
             "verdict": provenance.verdict}
        )  # fmt: skip
    else:
        console().print(f"wrote {out}; check it with: python {out}")


def _certificate(program: Program, version: str, runs: Path) -> dict[str, Any] | None:
    """The newest certificate that this runs folder holds of the very program and version."""
    if not (runs / STORE).exists():
        return None
    with Ledger(runs, write=False) as store:
        return store.certificate_of(program, version)


def _verdict(certificate: dict[str, Any]) -> tuple[str, str]:
    """Verdict, and when and why."""
    date = datetime.fromtimestamp(certificate["created"], UTC).date().isoformat()
    return certificate["verdict"], f"{date}: {certificate['evidence']['reason']}"


def references(
    problem: Annotated[str, typer.Argument(help="A problem's slug or folder.")],
    workers: Annotated[int | None, typer.Option(help="Solver processes; one a core if not given.")] = None,
    make: Annotated[
        bool, typer.Option("--make", help="Solve all instances anew and write references.json, even if it is there.")
    ] = False,
    missing: Annotated[
        bool, typer.Option("--missing", help="Solve only instances, and run only baselines, that references.json lacks.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make references.json (bounds, optima, baselines) where it is missing, and show the baseline table.

    Stopped (Ctrl-C) or killed, it keeps what is solved: the same command goes on from there, unless the problem has changed.

    [bold]Examples[/bold]

      evolve references total_tardiness
      evolve references ./my_problem --make
      evolve references ./my_problem --missing    # after instances or a baseline were added
    """
    words = console(as_json)
    loaded = catalog.load(problem)
    if make and missing:
        raise UsageError("--make solves all instances and --missing only some: choose one")
    if workers is not None and workers < 1:
        raise UsageError(f"--workers must be at least 1, not {workers}")
    if make or missing or not (loaded.folder / FILE).exists():
        _make(loaded, workers or os.cpu_count() or 1, missing, words)
        loaded = catalog.reload(problem)
    measured = {split: {n: loaded.references.families(n, split) for n, _ in loaded.references.ranking} for split in Split}
    if as_json:
        emit({split.value: gaps for split, gaps in measured.items()})
        return
    for split in Split:
        kinds = loaded.references.kinds(split)
        words.print(f"\n{split}: {', '.join(f'{n} {kind}' for kind, n in kinds.items())}", style="bold")
        families = list(dict.fromkeys(i.family for i in loaded.instances(split)))
        shown = table("baseline", *families, "mean", right=" ".join(["mean", *families]))
        for name, gaps in sorted(measured[split].items(), key=lambda pair: math.fsum(pair[1].values())):
            shown.add_row(name, *(percent(gaps[f]) for f in families), percent(math.fsum(gaps.values()) / len(gaps)))
        words.print(shown)


def _make(loaded: catalog.LoadedProblem, workers: int, missing: bool, words: Console) -> None:
    partial = loaded.folder / PARTIAL
    aside = console(True)
    if partial.exists():
        aside.print(f"going on from {partial}, which was left when this was stopped; without it all begins anew")
    try:
        with contextlib.closing(open_sandbox(loaded.problem.modules)) as sandbox:
            path = make_references(loaded, sandbox, workers=workers, missing=missing, on_progress=Steps(aside).show)
    except KeyboardInterrupt:
        aside.print("stopped; what was solved is kept: the same command goes on from there")
        raise
    words.print(f"wrote {path}")


class Origin(NamedTuple):
    """Where a program comes from: a run's attempt, or a file (then `run` is its name and there is no lineage).

    `seen` says what of the stress families its run had seen, empty where nothing.
    """

    run: str
    candidate: int
    writers: tuple[str, ...]  # labels of the models; empty: none wrote it
    lineage: list[dict[str, Any]]
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
        number = champion_of(store, row, candidate)
        found = store.candidate(row["id"], number)
        writers = _writers(store, row)
        steps = lineage({a["number"]: a for a in store.attempts(row["id"])}, number)
    if found.program is None or found.status is not Status.OK:
        raise UsageError(f"candidate {number} of run {row['id']} is no valid program ({found.status}): {found.message}")
    loaded = catalog.load_recorded(row["folder"], row["problem"])
    if loaded.version != row["version"]:
        note = f"note: {loaded.slug} changed since that run (version {row['version']}, now {loaded.version})"
        console(True).print(note)
    seen = SEEN_STRESS if row["options"].get("gate") == "stress" else ""
    return loaded, found.program, Origin(row["id"], number, writers, steps, seen=seen)


def _writers(store: Store, row: dict[str, Any]) -> tuple[str, ...]:
    """Labels of the models that wrote a run's programs; a replay's are those of the run that it repeats."""
    name = row["options"].get("proposer", "").partition("replay:")[2]
    if not name:
        return (row["proposer"],) if row["uses_model"] else ()
    try:
        source = store.run(name)
    except UsageError:  # that run is in another folder by now
        source = row
    return _writers(store, source) if source["created"] < row["created"] else (row["proposer"],)
