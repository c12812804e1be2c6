"""Repeated evaluations of best candidates by `evolve recheck`, next to their scores in the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.analysis.compare import OPEN, Comparison, compare, of_baselines, of_report
from workbench.formatting import percent
from workbench.model import Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.store import Ledger, Run


@dataclass(frozen=True, slots=True)
class Rechecked:
    """Scores with another version of the problem than the run's.

    Attributes
    ----------
    version
        Current version of the problem.
    then
        Mean gap in the run, for splits that were evaluated.
    now
        Reports with the current version.
    comparison
        With the best baseline on validation; None if the program fails there or there is no baseline.
    """

    version: str
    then: Mapping[Split, float]
    now: Mapping[Split, Report]
    comparison: Comparison | None

    def __str__(self) -> str:
        said = [
            f"{split} {percent(report.gap) if report.status is Status.OK else f'fails ({report.status})'}"
            + (f" (before: {percent(self.then[split])})" if split in self.then else "")
            for split, report in self.now.items()
        ]
        verdict = f"; {self.comparison}: {self.comparison.verdict}" if self.comparison else ""
        return f"evaluated again with version {self.version} of the problem: {', '.join(said)}{verdict}"


def rechecked(store: Ledger, run: Run, number: int, loaded: LoadedProblem) -> Rechecked | None:
    """The result of `evolve recheck` with the current version; None if the problem has not changed or was not rechecked."""
    if loaded.version == run.version:
        return None
    now = {s: found for s in OPEN if (found := store.recheck(run.id, number, s, loaded.version)) is not None}
    if not now:
        return None
    before = {s: report for s in OPEN if (report := store.report(run.id, number, s)) is not None}
    validation, rivals = now.get(Split.VALIDATION), of_baselines(loaded, Split.VALIDATION)
    stands = validation is not None and validation.status is Status.OK and rivals
    name = f"{run.id}:{number}"
    return Rechecked(
        loaded.version, {s: report.gap for s, report in before.items()}, now,
        compare(of_report(name, number, validation), rivals[0]) if validation is not None and stands else None,
    )  # fmt: skip
