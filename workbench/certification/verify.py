"""Verification of seals: whether program, module, problem and record are those that a certificate is about."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.certificate import Certificate, Seal, evidence_hash
from workbench.errors import UsageError
from workbench.evaluation.evaluate import evaluate
from workbench.exporting.files import CERTIFICATE
from workbench.exporting.self_check import SUFFIX
from workbench.formatting import percent
from workbench.model import Program, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.program.exported import unwrap
from workbench.program.source import text_hash
from workbench.protocols import Sandbox

_LARGEST = 4 << 20
"""Bytes of a file that is read; certificates and modules are far smaller."""
_SHORT = 12
_CASES = re.compile(r'^CASES_SHA256 = "([0-9a-f]{64})"\r?$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was compared.

    Attributes
    ----------
    holds
        None if there is nothing here to compare with.
    """

    name: str
    holds: bool | None
    line: str

    @property
    def word(self) -> str:
        """`holds`, `does not hold` or `not checked`."""
        return "not checked" if self.holds is None else "holds" if self.holds else "does not hold"


@dataclass(frozen=True, slots=True)
class Material:
    """A certificate and what was found with it.

    Attributes
    ----------
    path
        The file that was named.
    certificate
        JSON; None if there is none.
    where
        Where the certificate was found.
    module
        Path and content of the exported module, if there is one.
    texts
        The program by where it was found.
    """

    path: Path
    certificate: Mapping[str, Any] | None
    where: str
    module: tuple[Path, bytes] | None
    texts: Mapping[str, str]


def gather(path: Path, kept: Callable[[str], tuple[Mapping[str, Any], str] | None]) -> Material:
    """Read a certificate or a program, and the files beside it; nothing is run.

    Parameters
    ----------
    path
        A certificate, an exported module, or a program.
    kept
        Returns the certificate that a runs folder keeps for a program's text, and where; None if there is none.

    Raises
    ------
    UsageError
        The file cannot be read, or is neither Python nor a certificate.
    """
    content = _content(path)
    if path.suffix == ".json":
        raw = _json(path, content)
        module = Path(f"{str(path).removesuffix(CERTIFICATE).removesuffix('.json')}.py")
        found = (module, _content(module)) if module.is_file() else None
        texts = {} if found is None else {module.name: _program(*found)}
        return Material(path, raw.get("certificate", raw), path.name, found, texts | _source(path, raw))
    text = _program(path, content)
    texts = {path.name: text}
    exported = text != content.decode("utf-8-sig")
    for beside in (path.with_suffix(CERTIFICATE), path.with_suffix(".json")):
        if exported and beside.is_file():
            raw = _json(beside, _content(beside))
            return Material(path, raw.get("certificate", raw), beside.name, (path, content), texts | _source(beside, raw))
    certificate, where = kept(text) or (None, "")
    return Material(path, certificate, where, (path, content) if exported else None, texts)


def verify(
    material: Material,
    record: Callable[[str], str | None],
    problem: Callable[[str], LoadedProblem | None],
    score: Callable[[LoadedProblem], Sandbox] | None = None,
) -> list[Finding]:
    """Compare everything that a seal names with what is here.

    Parameters
    ----------
    record
        Returns the hash of an attempt of a runs folder by `run:number`; None if it is not here.
    problem
        Returns a problem by ID; None if it is not here.
    score
        Opens a sandbox in which the program is evaluated on validation again; None: it is not.
    """
    raw = material.certificate
    assert raw is not None, "without a certificate there is nothing to compare"
    try:
        Certificate.from_json(raw)
        seal = Seal.from_json(raw["seal"]) if raw.get("seal") else None
    except (ValueError, KeyError, TypeError) as error:
        return [Finding("certificate", False, f"{material.where} is not a certificate: {error}")]
    if seal is None:
        return [
            Finding("seal", False, f"{material.where} has none: an earlier version of evolve made it; certify the program again")
        ]
    loaded = problem(seal.problem)
    findings = [
        *_programs(material, seal),
        *_modules(material, seal),
        _version(seal, loaded),
        Finding("evidence", evidence_hash(raw) == seal.evidence, "figures, checks and verdict of the certificate"),
        _record(material, seal, record),
        _whole(raw, seal),
    ]
    if score is not None:
        findings.append(_validation(material, raw, seal, loaded, score))
    return findings


def _programs(material: Material, seal: Seal) -> list[Finding]:
    if not material.texts:
        return [Finding("program", None, f"no text of the program is here (SHA-256 {seal.program[:_SHORT]}...)")]
    return [
        Finding(
            "program", text_hash(text) == seal.program, f"text of the program in {where} (SHA-256 {text_hash(text)[:_SHORT]}...)"
        )
        for where, text in material.texts.items()
    ]


def _modules(material: Material, seal: Seal) -> list[Finding]:
    if material.module is None:
        return [Finding("module", None, "no exported module is here" if seal.module else "no module was exported with it")]
    path, content = material.module
    if not seal.module:
        return [Finding("module", None, f"the certificate in {material.where} is from before the export of {path.name}")]
    same = hashlib.sha256(content).hexdigest() == seal.module
    findings = [Finding("module", same, f"{path.name}, as it was exported")]
    cases = path.with_suffix(SUFFIX)
    if expected := _CASES.findall(content.decode()):
        equal = hashlib.sha256(_content(cases)).hexdigest() == expected[-1] if cases.is_file() else None
        findings.append(Finding("cases", equal, f"{cases.name}{'' if cases.is_file() else ' is missing'}"))
    return findings


def _version(seal: Seal, loaded: LoadedProblem | None) -> Finding:
    if loaded is None:
        return Finding("problem", None, f"{seal.problem} is not installed here; name its folder with --problem")
    if loaded.version == seal.version:
        return Finding("problem", True, f"{seal.problem}, version {seal.version}")
    return Finding("problem", False, f"{seal.problem} has version {loaded.version} here, the certificate is for {seal.version}")


def _record(material: Material, seal: Seal, record: Callable[[str], str | None]) -> Finding:
    """Compare with the attempt in the runs folder, or with the file if that is what was named."""
    if not seal.record:
        return Finding("record", None, "none was kept when it was certified")
    if seal.origin.startswith("file "):
        if hashlib.sha256(_content(material.path)).hexdigest() == seal.record:
            return Finding("record", True, f"{material.path.name} is the {seal.origin} that was certified")
        return Finding("record", None, f"the {seal.origin} that was certified is not the one that was named")
    here = record(seal.origin)
    if here is None:
        return Finding("record", None, f"{seal.origin} is not in the runs folder here")
    return Finding("record", here == seal.record, f"{seal.origin}, as the runs folder keeps it")


def _whole(raw: Mapping[str, Any], seal: Seal) -> Finding:
    same = seal.recomputed() == seal.whole and (raw["problem"], raw["version"]) == (seal.problem, seal.version)
    return Finding("seal", same, f"{seal.whole[:_SHORT]}..., over all of these")


def _validation(
    material: Material, raw: Mapping[str, Any], seal: Seal, loaded: LoadedProblem | None, score: Callable[[LoadedProblem], Sandbox]
) -> Finding:
    said = Certificate.from_json(raw).gaps.get(Split.VALIDATION)
    text = next((text for text in material.texts.values() if text_hash(text) == seal.program), None)
    if loaded is None or loaded.version != seal.version or text is None or said is None:
        return Finding("validation", None, "needs the program, and this version of the problem")
    sandbox = score(loaded)
    try:
        report = evaluate(loaded, Program(text, loaded.problem.entry), Split.VALIDATION, sandbox, fresh=True)
    finally:
        sandbox.close()
    if report.status is not Status.OK:
        return Finding("validation", False, f"the program fails: {report.message}")
    same = math.isclose(report.gap, said, rel_tol=1e-6, abs_tol=1e-9)
    line = f"gap {percent(report.gap)} on validation, evaluated again"
    return Finding("validation", same, line if same else f"{line}; the certificate says {percent(said)}")


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST:
        raise UsageError(f"{path} has more than {_LARGEST:,} bytes: it is no certificate and no module")
    return content


def _json(path: Path, content: bytes) -> Mapping[str, Any]:
    try:
        raw = json.loads(content)
        json.dumps(raw)  # no deeper than can be written
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a certificate: {error}") from error
    found = raw.get("certificate", raw) if isinstance(raw, dict) else None
    if not isinstance(found, dict) or "verdict" not in found:
        raise UsageError(f"{path} is not a certificate: `evolve certify --json` and `evolve export` write them")
    return dict(raw)


def _source(path: Path, raw: Mapping[str, Any]) -> dict[str, str]:
    return {path.name: raw["source"]} if isinstance(raw.get("source"), str) else {}


def _program(path: Path, content: bytes) -> str:
    try:
        return unwrap(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not a Python module: {error}") from error
