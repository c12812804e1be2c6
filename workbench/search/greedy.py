"""Hill climbing from the incumbent."""

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
    """Hill climbing: the incumbent is always the parent; the next best candidates are shown with it.

    Parameters
    ----------
    inspirations
        Number of further candidates shown with the parent.
    """

    def __init__(self, *, inspirations: int = 2) -> None:
        if inspirations < 0:
            raise UsageError(f"inspirations must be at least 0, got {inspirations}")
        self._keep = 1 + inspirations
        self._ranked: list[_Ranked] = []

    def ask(self, rng: random.Random) -> Selection:
        """Choose the incumbent as parent and the next best candidates as inspirations; deterministic."""
        if not self._ranked:
            raise UsageError("no initial program is valid: fix the initial programs of the run")
        best, *others = (r.candidate for r in self._ranked)
        return Selection(best, tuple(others))

    def tell(self, candidate: Candidate) -> None:
        """Record a candidate if it is among the best; of equals, the earlier ranks higher."""
        if candidate.status is Status.OK and candidate.program is not None:
            bisect.insort(self._ranked, _Ranked(candidate.gap, candidate.number, candidate))
            del self._ranked[self._keep :]
