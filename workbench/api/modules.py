"""Export programs as standalone modules."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.judging import Subject, subject
from workbench.api.loading import AnyProblem, runs_folder
from workbench.certificate import UNKNOWN, Seal, evidence_hash
from workbench.model import Program, Split, Status, Surroundings
from workbench.problem.gap import mean_gap
from workbench.program.source import identity
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox
from workbench.store import FILE, CertificateRecord, Ledger, Reader

if TYPE_CHECKING:
    from workbench.exporting.module import Provenance


@dataclass(frozen=True, slots=True)
class Exported:
    """Result of an export.

    Attributes
    ----------
    out
        The module.
    files
        All that was written: the module, and beside it its test cases and its certificate if there are any.
    verdict
        The verdict that it states; empty: not certified.
    certificate
        The certificate beside it, sealed with the hash of the module, as JSON; None: not certified.
    """

    out: Path
    files: tuple[Path, ...]
    subject: Subject
    verdict: str
    certificate: Mapping[str, Any] | None = None


def export(
    what: Subject | Path | str,
    out: Path | str,
    *,
    candidate: int | None = None,
    problem: AnyProblem | None = None,
    force: bool = False,
    runs: Path | str | None = None,
    allow_unsafe: bool = False,
) -> Exported:
    """Write a program as a standalone module with a self-test.

    The module contains the program unchanged, measured gaps, the lineage, and the verdict of the newest certificate of this very
    text, if any; that certificate is written beside it, and so are test cases that are too large to read. Before anything is
    written, the finished module is imported in the sandbox, under other names and hash seeds, and has to pass its self-test.

    Parameters
    ----------
    what
        As for `subject`.
    force
        Replace the files if they exist.

    Raises
    ------
    UsageError
        As `subject`; or a file exists or cannot be written; or the module behaves otherwise elsewhere.
    """
    from workbench.exporting import files
    from workbench.exporting.cases import record_cases
    from workbench.exporting.foreign import foreign_file
    from workbench.exporting.module import render
    from workbench.exporting.trial import try_out

    found = what if isinstance(what, Subject) else subject(what, candidate=candidate, problem=problem, runs=runs)
    loaded, program, target = found.loaded, found.program, Path(out)
    places = files.paths(target, force=force)
    kept = _newest_certificate(program, loaded.version, runs_folder(runs))
    figures = _figures(found, kept, runs_folder(runs))
    if loaded.evaluator is not None:
        return Exported(target, files.write_foreign(places, foreign_file(loaded, program, figures)), found, "")
    limits = loaded.problem.limits

    def opened(around: Surroundings) -> Sandbox:
        return open_sandbox(loaded.problem.modules, allow_unsafe=allow_unsafe, surroundings=around)

    with contextlib.closing(opened(Surroundings())) as sandbox:
        cases = record_cases(loaded, program, sandbox)
    table = {"this program": figures}
    splits = list(table["this program"]) or [Split.TRAIN.value, Split.VALIDATION.value]
    for name, _ in loaded.references.ranking:
        table[name] = {split: mean_gap(loaded.references.families(name, Split(split))) for split in splits}
    module = render(loaded, program, _provenance(found, kept), table, cases, target.name)
    try_out(module, limits, opened)
    certificate = None if kept is None else _sealed(kept, found).with_module(module.sha256)
    told = None if kept is None or certificate is None else {**kept.raw, "seal": certificate.to_json()}
    written = files.write(places, module, told)
    return Exported(target, written, found, "" if kept is None else kept.certificate.verdict.value, told)


def _newest_certificate(program: Program, version: str, runs: Path) -> CertificateRecord | None:
    """Return the newest certificate in a runs folder for a program and version; None without one."""
    if not (runs / FILE).exists():
        return None
    with Ledger(runs, write=False) as store:
        return store.certificate_of(program, version)


def _sealed(kept: CertificateRecord, found: Subject) -> Seal:
    """Return the seal of a certificate; one from before there were seals gets its own now."""
    return kept.certificate.seal or Seal.of(kept.raw, identity(found.program), kept.name, "")


def _figures(found: Subject, kept: CertificateRecord | None, runs: Path) -> dict[str, float]:
    """Return gaps of the program by split, as its certificate or its run has them; empty if nobody measured it."""
    if kept is not None:
        return {split.value: gap for split, gap in kept.certificate.gaps.items() if split is not Split.STRESS}
    if found.run is None or found.number is None:
        return {}
    version, figures = found.loaded.version, {}
    with Reader(runs) as store:
        same = store.run(found.run).version == version
        for split in (Split.TRAIN, Split.VALIDATION):
            if same:
                report = store.report(found.run, found.number, split)
            else:
                report = store.recheck(found.run, found.number, split, version)
            if report is not None and report.status is Status.OK:
                figures[split.value] = report.gap
    return figures


def _provenance(found: Subject, kept: CertificateRecord | None) -> Provenance:
    from workbench.exporting.module import Provenance, Step

    verdict = reason = evidence = ""
    finder = found.finder
    if kept is not None:
        if finder == UNKNOWN:
            finder = kept.certificate.finder or UNKNOWN
        when = datetime.fromtimestamp(kept.created, UTC).date().isoformat()
        verdict, reason, evidence = kept.certificate.verdict.value, f"{when}: {kept.certificate.reason}", evidence_hash(kept.raw)
    return Provenance(
        found.loaded.slug,
        found.loaded.version,
        found.run or found.name,
        found.number or 0,
        tuple(Step(step.number, step.operator, step.gap) for step in found.lineage if step.gap is not None),
        datetime.now(UTC).date().isoformat(),
        str(finder),
        verdict,
        reason,
        evidence,
    )
