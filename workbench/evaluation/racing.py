"""Racing: stop evaluating a program once it is clearly worse than its parent, or no different, on the instances seen so far."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence

from workbench.model import Effect, Instance
from workbench.problem.gap import effect_of

FEWEST = 6
"""Instances before the first decision."""
ERRORS = 2.5
"""Standard errors by which a program must be behind, with many instances."""
_CAUTION = 2.0
"""With few instances more are asked for, because the standard error itself is uncertain. `python -m tests.benchmarks.racing`
measures what these three save, and what they cost."""
EQUAL = 20
"""Instances, and at least half of them, after which a program that is no different counts as such."""


def race_order(instances: Sequence[Instance]) -> list[int]:
    """Return positions so that each beginning of the order holds about equally many instances of every class.

    The order within a class is that of the hashes of the ids: fixed, and independent of sizes.
    """
    by_family: dict[str, list[int]] = defaultdict(list)
    for k, instance in enumerate(instances):
        by_family[instance.family].append(k)
    for positions in by_family.values():
        positions.sort(key=lambda k: hashlib.sha256(instances[k].id.encode()).digest())
    rounds = max((len(positions) for positions in by_family.values()), default=0)
    return [positions[r] for r in range(rounds) for positions in by_family.values() if r < len(positions)]


class Race:
    """A program against its parent, instance by instance.

    Parameters
    ----------
    families
        Class of each instance, in the order of the race.
    rival
        Gaps of the parent, in the order of the race.
    stop_equal
        Whether a program with the gaps of its parent is stopped too.
    """

    def __init__(self, families: Sequence[str], rival: Sequence[float], *, stop_equal: bool = False) -> None:
        self._families, self._rival, self._stop_equal = tuple(families), tuple(rival), stop_equal
        self._classes = len(set(families))
        self._gaps: list[float] = []

    def lost(self, gap: float) -> Effect | None:
        """Record the gap on the next instance; return the difference to the parent if the race is lost by now.

        Decisions are made after every round over the classes, from `FEWEST` instances on, and never after the last instance.
        What counts is the difference on all instances of the race, so the error shrinks to 0 as the remaining ones run out.
        """
        self._gaps.append(gap)
        done = len(self._gaps)
        if done < FEWEST or done % self._classes or done == len(self._rival):
            return None
        if self._stop_equal and done >= max(EQUAL, len(self._rival) / 2) and tuple(self._gaps) == self._rival[:done]:
            return Effect(0.0, 0.0)
        effect = effect_of(self._gaps, self._rival[:done], self._families[:done])
        asked = ERRORS * (1 + _CAUTION / max(1, done - self._classes))
        unseen = math.sqrt(1 - done / len(self._rival))
        return effect if effect.mean > asked * effect.error * unseen else None
