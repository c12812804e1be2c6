"""What ships in the gallery: the best heuristic found so far for each problem, with its verdict, and a check of all of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.api.verifying import verify
from workbench.certificate import Verdict
from workbench.errors import WorkbenchError
from workbench.exporting.entry import entry_of
from workbench.model import Program, Split
from workbench.problem import catalog
from workbench.problem.shipped import Exhibit, exhibit, named, names, path_of, place


@dataclass(frozen=True, slots=True)
class Exhibited:
    """A heuristic of the gallery. Its gaps are of the held-out test set: nothing for whoever proposes programs.

    Attributes
    ----------
    slug, name
        Problem ID, and the name in Python: `from workbench.gallery import NAME`.
    gap, best_human
        Gaps of the heuristic and of the best baseline on the held-out test set; None where a certificate does not say.
    baseline
        Title of the best baseline on the held-out test set.
    reference
        What gaps are measured against.
    openings
        Programs that the held-out test set had been opened for, this one included; None where that was not counted.
    attempts
        Number of attempts of the run that found it; 0 without a run.
    stale
        Why the certificate no longer applies; empty if it does.
    does, call
        What the program's docstring says, and how it is called.
    shipped
        The program, its module, and the certificate.
    """

    slug: str
    name: str
    found_by: str
    verdict: Verdict
    gap: float | None
    best_human: float | None
    baseline: str
    reference: str
    openings: int | None
    attempts: int
    stale: str
    does: str
    call: str
    shipped: Exhibit

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "slug": self.slug, "name": self.name, "found_by": self.found_by, "verdict": self.verdict.value, "gap": self.gap,
            "best_human": self.best_human, "baseline": self.baseline, "reference": self.reference, "openings": self.openings,
            "attempts": self.attempts, "stale": self.stale,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a heuristic of the gallery.

    Attributes
    ----------
    part
        What was compared: `program`, `module`, `cases`, `problem` (its version), `evidence`, `seal`, `validation`, or the
        whole `certificate`.
    """

    slug: str
    part: str
    line: str

    def __str__(self) -> str:
        return f"{self.slug}: {self.part} does not hold: {self.line}"

    def to_json(self) -> dict[str, str]:
        """Return a JSON object."""
        return {"slug": self.slug, "part": self.part, "line": self.line}


def exhibits() -> tuple[Exhibited, ...]:
    """Return what ships in the gallery, one for each problem, whatever the verdict.

    Raises
    ------
    ProblemError
        A certificate that ships cannot be read, or its problem cannot be loaded.
    """
    return tuple(exhibited(slug) for slug in names().values())


def exhibited(name: str) -> Exhibited:
    """Return a heuristic of the gallery by its name or problem ID.

    Raises
    ------
    UsageError
        There is none of that name; the message suggests similar ones.
    ProblemError
        Its certificate cannot be read, or its problem cannot be loaded.
    """
    slug = named(name)
    found, loaded = exhibit(slug), catalog.load(slug)
    assert found is not None, "its name is listed"
    short = next(short for short, known in names().items() if known == slug)
    closest, opening = found.closest(Split.TEST), found.certificate.opening
    titles = {b.name: b.title for b in loaded.problem.baselines}
    entry = entry_of(Program(found.source, loaded.problem.entry))
    return Exhibited(
        slug, short, found.found_by, found.verdict, found.gap, found.best_human,
        titles.get(closest.baseline, closest.baseline) if closest else "", loaded.problem.bound,
        opening.count if opening else None, found.found.attempts, found.stale(loaded.version),
        ast.get_docstring(ast.parse(found.source)) or entry.docstring,
        f"{short}({', '.join(entry.parameters)})" if entry.parameters else f"policy = {short}(...)", found,
    )  # fmt: skip


def check(slugs: Sequence[str], on_exhibit: Callable[[str], None] | None = None) -> tuple[Fault, ...]:
    """Compare what ships with its certificates, and evaluate each program on validation again.

    Nothing is chosen by it, so it is no use of validation.

    Parameters
    ----------
    slugs
        Problem IDs.
    on_exhibit
        Called with each problem ID before it is checked.

    Returns
    -------
    tuple[Fault, ...]
        Everything that does not hold; also what is missing, because all of it ships.
    """
    faults = []
    for slug in slugs:
        if on_exhibit:
            on_exhibit(slug)
        try:
            found = verify(path_of(slug), rescore=True, runs=place())
        except WorkbenchError as error:
            faults.append(Fault(slug, "certificate", str(error)))
            continue
        wrong = [f for f in found.findings if f.holds is False]
        # Where nothing is wrong, what cannot be compared is missing; only the runs that found them do not ship.
        missing = [f for f in found.findings if f.holds is None and f.name != "record"]
        faults += [Fault(slug, finding.name, finding.line) for finding in wrong or missing]
    return tuple(faults)
