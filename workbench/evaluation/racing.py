"""Racing: stop evaluating a program once it is clearly worse than its parent, or no different, on the instances seen so far."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from workbench.model import Effect, Instance
from workbench.problem.gap import effect_of, in_rounds
from workbench.values import count_scored, scored

FEWEST = 6
"""Instances before the first decision."""
ERRORS = 2.5
"""Standard errors by which a program must be behind, with many instances."""
_CAUTION = 2.0
"""With few instances more are asked for, because the standard error itself is uncertain. `python -m tests.benchmarks.ablations
racing` measures what these three save, and what they cost."""
EQUAL = 20
"""Instances, and at least half of them, after which a program that is no different counts as such."""


def race_order(instances: Sequence[Instance]) -> list[int]:
    """Return positions `in_rounds`.

    The order within a class is that of the hashes of the ids: fixed, and independent of sizes.
    """
    places = {family: k for k, family in enumerate(dict.fromkeys(i.family for i in instances))}
    hashes = [hashlib.sha256(i.id.encode()).digest() for i in instances]
    mixed = sorted(range(len(instances)), key=lambda k: (places[instances[k].family], hashes[k]))
    return [mixed[k] for k in in_rounds([instances[k].family for k in mixed])]


class Race:
    """A program against its parent, instance by instance.

    Parameters
    ----------
    families
        Class of each instance, in the order of the race: what does not count comes last, and nothing is decided there.
    rival
        Gaps of the parent, in the order of the race.
    stop_equal
        Whether a program with the gaps of its parent is stopped too.
    """

    def __init__(self, families: Sequence[str], rival: Sequence[float], *, stop_equal: bool = False) -> None:
        self._families, self._rival, self._stop_equal = tuple(families), tuple(rival), stop_equal
        self._classes, self._scored = len(scored(families)), count_scored(families)
        self._gaps: list[float] = []

    def lost(self, gap: float) -> Effect | None:
        """Record the gap on the next instance; return the difference to the parent if the race is lost by now.

        Decisions are made after every round over the classes, from `FEWEST` instances on, and never after the last one.
        What counts is the difference on all instances of the race, so the error shrinks to 0 as the remaining ones run out.
        """
        self._gaps.append(gap)
        done = len(self._gaps)
        if done < FEWEST or done % self._classes or done >= self._scored:
            return None
        if self._stop_equal and done >= max(EQUAL, self._scored / 2) and tuple(self._gaps) == self._rival[:done]:
            return Effect(0.0, 0.0)
        effect = effect_of(self._gaps, self._rival[:done], self._families[:done])
        asked = ERRORS * (1 + _CAUTION / max(1, done - self._classes))
        unseen = math.sqrt(1 - done / self._scored)
        return effect if effect.mean > asked * effect.error * unseen else None
