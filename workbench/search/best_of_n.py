"""Independent sampling from initial programs: the baseline for search strategies."""

from __future__ import annotations

import bisect
import random
from typing import NamedTuple

from workbench.errors import UsageError
from workbench.model import Candidate, Selection, Status
from workbench.plugins import keeps_its_options

_MOST_SEEDS = 32


class _Seed(NamedTuple):
    gap: float
    number: int
    candidate: Candidate


@keeps_its_options
class BestOfN:
    """Independent sampling: every candidate is derived from an initial program, and the best is kept.

    Initial programs are the valid candidates without parents. Their offspring never become parents; attempts are therefore
    independent. This is the baseline of "Simple baselines are competitive with code evolution" (arXiv 2602.16805).

    Parameters
    ----------
    all_seeds
        Draw the parent uniformly from all initial programs, instead of always using the best one.
    """

    def __init__(self, *, all_seeds: bool = False) -> None:
        self._all = all_seeds
        self._seeds: list[_Seed] = []

    def ask(self, rng: random.Random) -> Selection:
        """Choose an initial program as parent, without inspirations."""
        if not self._seeds:
            raise UsageError("no initial program is valid: fix the initial programs of the run")
        return Selection((rng.choice(self._seeds) if self._all else self._seeds[0]).candidate)

    def tell(self, candidate: Candidate) -> None:
        """Record a valid initial program; other candidates are ignored."""
        if candidate.status is Status.OK and candidate.program is not None and not candidate.parents:
            bisect.insort(self._seeds, _Seed(candidate.gap, candidate.number, candidate))
            del self._seeds[_MOST_SEEDS:]
