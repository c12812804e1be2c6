"""Verify certificates offline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.loading import AnyProblem, load, runs_folder
from workbench.errors import UsageError
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.problem.shipped import path_of
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox
from workbench.store import FILE, Reader

if TYPE_CHECKING:
    from workbench.certification.verify import Finding


@dataclass(frozen=True, slots=True)
class Verification:
    """What of a certificate holds.

    Attributes
    ----------
    findings
        One for each thing compared: name, `holds` (None: nothing here to compare with), line.
    """

    path: Path
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts the certificate."""
        return all(finding.holds is not False for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        found = [{"name": f.name, "holds": f.holds, "line": f.line} for f in self.findings]
        return {"file": str(self.path), "holds": self.holds, "findings": found}


def verify(
    what: Path | str,
    *,
    rescore: bool = False,
    problem: AnyProblem | None = None,
    runs: Path | str | None = None,
    allow_unsafe: bool = False,
) -> Verification:
    """Recompute the seal of a certificate and compare it with the program, the module and the problem that are here.

    Nothing is loaded or run but installed problems and the one that is named; with `rescore`, the program in the sandbox.

    Parameters
    ----------
    what
        A certificate (JSON), an exported module, a program that was certified in the runs folder, or the ID of a problem: the
        heuristic that ships for it.
    rescore
        Also evaluate the program on validation and compare its gap.
    problem
        Needed for a problem that is not installed.

    Raises
    ------
    UsageError
        No such file, it is neither Python nor a certificate, or there is no certificate of it.
    """
    from workbench.certification.verify import gather
    from workbench.certification.verify import verify as compare

    folder = runs_folder(runs)
    store = Reader(folder) if (folder / FILE).exists() else None

    def kept(text: str) -> tuple[Mapping[str, Any], str] | None:
        record = store.certificate_of_text(text) if store else None
        return (record.raw, f"the runs folder {folder}") if record else None

    def record(origin: str) -> str | None:
        run, _, number = origin.rpartition(":")
        return store.record_hash(run, int(number)) if store and number.isdecimal() and len(number) < 10 else None

    def scored(loaded: LoadedProblem) -> Sandbox:
        return open_sandbox(loaded.problem.modules, allow_unsafe=allow_unsafe)

    try:
        material = gather(_path(what), kept)
        if material.certificate is None:
            raise UsageError(
                f"there is no certificate of {what}: none beside it, and none of its text in {folder}; evolve certify makes one"
            )
        findings = compare(material, record, lambda slug: _problem(slug, problem), scored if rescore else None)
    finally:
        if store:
            store.close()
    return Verification(material.path, tuple(findings))


def _path(what: Path | str) -> Path:
    """Return the path of a file, or of the certificate that ships for a problem."""
    path, name = Path(what), str(what)
    if path.is_file():
        return path
    shipped = [slug for slug in catalog.slugs() if name in (slug, slug.partition("/")[2])]
    if len(shipped) == 1 and path_of(shipped[0]).is_file():
        return path_of(shipped[0])
    raise UsageError(f"no file {what}, and no heuristic that ships for a problem of that name")


def _problem(slug: str, given: AnyProblem | None) -> LoadedProblem | None:
    """Return the named problem, or an installed one: a certificate may come from anybody, so it cannot name a folder to load."""
    if given is None:
        return catalog.load(slug) if catalog.knows(slug) else None
    loaded = load(given)
    if loaded.slug != slug:
        raise UsageError(f"the certificate is for the problem {slug}, not {loaded.slug}")
    return loaded
