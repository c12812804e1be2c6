"""Watches for objectives that are better than a proven optimum or bound: then the verifier or the proof is wrong."""

from __future__ import annotations

from workbench.model import Report
from workbench.problem.catalog import LoadedProblem
from workbench.store import Store

KIND = "fault"
"""Kind of the log entry, which pages show as a warning."""


class Proofs:
    """Notes the first candidate of a run that beats a proof; the search goes on, but its gaps mean nothing."""

    def __init__(self, store: Store, run: str, loaded: LoadedProblem) -> None:
        self._store, self._run, self._loaded = store, run, loaded
        self._told = any(event.kind == KIND for event in store.events(run))

    def check(self, number: int, report: Report) -> str:
        """Return a note the first time that an objective is better than its proof, otherwise an empty string."""
        if self._told or not (found := self._loaded.references.beaten(report.split, report.results)):
            return ""
        self._told = True
        note = (
            f"candidate {number} is better than what is proven to be best ({found[0]}): the verifier or the reference is at "
            "fault, so gaps mean nothing and nothing can be certified until that is mended"
        )
        self._store.log(self._run, KIND, note)
        return note
