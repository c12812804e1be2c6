"""Hill climbing: the best program so far is the only parent."""

from __future__ import annotations

import bisect
import random
from typing import NamedTuple

from workbench.errors import UsageError
from workbench.model import Candidate, Selection, Status
from workbench.plugins import keeps_its_options


class _Ranked(NamedTuple):
    gap: float
    number: int
    candidate: Candidate


@keeps_its_options
class Greedy:
    """Always improves the best program so far; the runners-up are shown beside it.

    Parameters
    ----------
    inspirations
        How many of the next best are shown with the parent.
    """

    def __init__(self, *, inspirations: int = 2) -> None:
        if inspirations < 0:
            raise UsageError(f"inspirations must be 0 or more, not {inspirations}")
        self._keep = 1 + inspirations
        self._ranked: list[_Ranked] = []

    def ask(self, rng: random.Random) -> Selection:
        """Ask for a child of the best; nothing is drawn."""
        if not self._ranked:
            raise UsageError("there is nothing to start from: no seed program was valid")
        best, *others = (r.candidate for r in self._ranked)
        return Selection(best, tuple(others))

    def tell(self, candidate: Candidate) -> None:
        """Keep the candidate if it is among the best; of equals the earlier stays ahead."""
        if candidate.status is Status.OK and candidate.program is not None:
            bisect.insort(self._ranked, _Ranked(candidate.gap, candidate.number, candidate))
            del self._ranked[self._keep :]
