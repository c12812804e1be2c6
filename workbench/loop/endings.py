"""When a run ends before its budget, since further attempts promise nothing."""

from __future__ import annotations

import math

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
        instances, references = loaded.instances(Split.TRAIN), loaded.references
        self._proven = all(references.reference(Split.TRAIN, i.id).status == "optimal" for i in instances)

    def tell(self, candidate: Candidate, improved: bool) -> str:
        """Note an attempt; return why the run should end, an empty string if it should not."""
        self._repeats = self._repeats + 1 if candidate.status is Status.DUPLICATE else 0
        if improved and self._proven and max(candidate.instances, default=math.inf) <= _SOLVED:
            return f"candidate {candidate.number} reaches the proven optimum on every training instance: nothing is left to gain"
        if candidate.operator == "seed":
            return ""
        self.stagnation = 0 if improved else self.stagnation + 1
        if self._repeats == REPEATS_IN_A_ROW:
            return f"{REPEATS_IN_A_ROW} attempts in a row were programs that the run had already tried"
        return f"no improvement in {self.stagnation} attempts (--patience)" if self.stagnation == self._patience else ""
