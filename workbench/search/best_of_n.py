"""Independent samples: what a search must beat to be worth its name."""

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
    """Every program is made from a seed alone, and the best of all is kept: no search, only sampling.

    A seed is a valid candidate without parents. Programs made from seeds never become parents themselves, so
    attempts are independent of each other: the baseline of "Simple baselines are competitive with code evolution"
    (arXiv 2602.16805).

    Parameters
    ----------
    all_seeds
        Draw the seed uniformly; by default the best seed is the parent of every attempt.
    """

    def __init__(self, *, all_seeds: bool = False) -> None:
        self._all = all_seeds
        self._seeds: list[_Seed] = []

    def ask(self, rng: random.Random) -> Selection:
        """Ask for a child of a seed, with nothing beside it."""
        if not self._seeds:
            raise UsageError("there is nothing to start from: no seed program was valid")
        return Selection((rng.choice(self._seeds) if self._all else self._seeds[0]).candidate)

    def tell(self, candidate: Candidate) -> None:
        """Keep valid seeds; everything else is of no influence."""
        if candidate.status is Status.OK and candidate.program is not None and not candidate.parents:
            bisect.insort(self._seeds, _Seed(candidate.gap, candidate.number, candidate))
            del self._seeds[_MOST_SEEDS:]
