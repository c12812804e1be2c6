"""When a run ends before its budget, since further attempts promise nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable

from workbench.model import Candidate, Split, Status
from workbench.problem.catalog import LoadedProblem

REPEATS_IN_A_ROW = 12
"""Number of consecutive duplicates that ends a run: the proposer has no new ideas."""
_SOLVED = 1e-9
"""Largest gap on any instance of a program that has reached the optimum; above 0 by rounding alone."""


class Endings:
    """Follows the attempts of a run, in the order in which they are reported.

    Parameters
    ----------
    patience
        Number of attempts without improvement that ends the run; None: no limit.

    Attributes
    ----------
    stagnation
        Attempts since the last improvement.
    """

    def __init__(self, loaded: LoadedProblem, patience: int | None) -> None:
        self.stagnation = self._repeats = 0
        self._patience = patience
        self._loaded, self._proven = loaded, _is_proven(loaded)

    def tell(self, candidate: Candidate, improved: bool) -> str:
        """Note an attempt; return why the run should end, an empty string if it should not."""
        self._repeats = self._repeats + 1 if candidate.status is Status.DUPLICATE else 0
        if improved and self._proven and _is_solved(candidate):
            harder = self._loaded.harder
            more = f"a harder tier is {harder.slug}" if harder else "nothing is left to gain"
            return f"candidate {candidate.number} reaches the proven optimum on every training instance: {more}"
        if candidate.operator == "seed":
            return ""
        self.stagnation = 0 if improved else self.stagnation + 1
        if self._repeats == REPEATS_IN_A_ROW:
            return f"{REPEATS_IN_A_ROW} attempts in a row were programs that the run had already tried"
        return f"no improvement in {self.stagnation} attempts (--patience)" if self.stagnation == self._patience else ""


def solver_of(loaded: LoadedProblem, candidates: Iterable[Candidate]) -> Candidate | None:
    """Return the first candidate that reaches the proven optimum on every training instance."""
    return next((c for c in candidates if _is_proven(loaded) and _is_solved(c)), None)


def _is_proven(loaded: LoadedProblem) -> bool:
    return all(loaded.references.reference(Split.TRAIN, i.id).status == "optimal" for i in loaded.instances(Split.TRAIN))


def _is_solved(candidate: Candidate) -> bool:
    return candidate.status is Status.OK and max(candidate.instances, default=math.inf) <= _SOLVED
