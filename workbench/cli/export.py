"""The command that writes a heuristic as a module: export."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.common import DEFAULT_RUNS, Json, Runs, Unsafe, console, emit
from workbench.cli.origin import program_or_run
from workbench.errors import UsageError
from workbench.evaluation.evaluate import evaluate
from workbench.model import Program, Split
from workbench.problem.gap import mean_gap
from workbench.sandbox import open_sandbox
from workbench.store import FILE, CertificateRecord, Ledger


def export_(
    what: Annotated[str, typer.Argument(metavar="RUN|FILE", help="A run (its best candidate is taken) or a Python file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The module to write.")],
    problem: Annotated[str | None, typer.Option(help="Problem of a file.")] = None,
    candidate: Annotated[int | None, typer.Option(help="Candidate to export (default: best).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    runs: Runs = DEFAULT_RUNS,
    allow_unsafe: Unsafe = False,
    as_json: Json = False,
) -> None:
    """Write a heuristic as a standalone Python module with a self-test.

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
        measured["this program"][Split.TEST.value] = certificate.certificate.gaps[Split.TEST]
    for name, _ in loaded.references.ranking:
        measured[name] = {split.value: mean_gap(loaded.references.families(name, split)) for split in splits}
    provenance = Provenance(
        loaded.slug,
        loaded.version,
        origin.run,
        origin.candidate,
        tuple(Step(step.number, step.operator, step.gap) for step in origin.lineage if step.gap is not None),
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


def _certificate(program: Program, version: str, runs: Path) -> CertificateRecord | None:
    """The newest certificate that this runs folder holds of the very program and version."""
    if not (runs / FILE).exists():
        return None
    with Ledger(runs, write=False) as store:
        return store.certificate_of(program, version)


def _verdict(kept: CertificateRecord) -> tuple[str, str]:
    """Verdict, and when and why."""
    date = datetime.fromtimestamp(kept.created, UTC).date().isoformat()
    return kept.certificate.verdict.value, f"{date}: {kept.certificate.reason}"
