"""Kinds of request to a model, and which of them to make next: what paid lately is asked for more often."""

from __future__ import annotations

import random
from collections.abc import Collection

from workbench.model import Candidate, Kind, Limits, Selection, Status
from workbench.values import scored

PRIOR: dict[Kind, tuple[float, float]] = {
    Kind.IMPROVE: (1.6, 2.4),
    Kind.NEW: (1.4, 2.6),
    Kind.COMBINE: (1.0, 3.0),
    Kind.SIMPLIFY: (0.4, 3.6),
    Kind.FASTER: (0.4, 3.6),
}
"""Successes and failures that each kind starts with."""
MEMORY = 0.95
"""Factor by which earlier results count less with each further attempt."""


class Kinds:
    """Thompson sampling over kinds of request.

    A success is a program that is clearly better than its parent, or the best so far.
    """

    def __init__(self) -> None:
        self._won = {kind: won for kind, (won, _) in PRIOR.items()}
        self._lost = {kind: lost for kind, (_, lost) in PRIOR.items()}

    def choose(self, possible: Collection[Kind], rng: random.Random) -> Kind:
        """Draw one of the possible kinds."""
        drawn = {kind: rng.betavariate(self._won[kind], self._lost[kind]) for kind in PRIOR}  # all: the draws stay the same
        return max((kind for kind in PRIOR if kind in possible), key=lambda kind: drawn[kind], default=Kind.IMPROVE)

    def tell(self, candidate: Candidate, best: bool) -> None:
        """Record what came of a request, by the operator of the attempt; other attempts and failed calls say nothing."""
        kind = next((k for k in Kind if k.value == candidate.operator), None)
        if kind is None or candidate.status is Status.LLM_ERROR:
            return
        effect = candidate.effect
        success = candidate.status is Status.OK and (best or (effect is not None and effect.mean < 0 and not effect.within_noise))
        for counts in (self._won, self._lost):
            for each, (won, lost) in PRIOR.items():
                start = won if counts is self._won else lost
                counts[each] = start + MEMORY * (counts[each] - start)
        (self._won if success else self._lost)[kind] += 1.0


_SLOW = 0.2
"""Share of the time limit from which on a program is worth making faster."""


def possible_kinds(selection: Selection, limits: Limits) -> set[Kind]:
    """Return the kinds that make sense for a selection."""
    parent = selection.parent
    kinds = {Kind.IMPROVE, Kind.NEW, Kind.SIMPLIFY}
    if not parent.parents:
        kinds.discard(Kind.SIMPLIFY)
    if companion(parent, selection.inspirations):
        kinds.add(Kind.COMBINE)
    if parent.seconds and parent.seconds.longest > _SLOW * limits.seconds:
        kinds.add(Kind.FASTER)
    return kinds


def companion(parent: Candidate, others: tuple[Candidate, ...]) -> Candidate | None:
    """Return the program that is best where the parent is poor; None if none is better than the parent on any class.

    The choice is the largest sum of leads over the instance classes that count.
    """
    counted = scored(parent.families)
    leads = {
        k: sum(max(0.0, parent.families[f] - gap) for f, gap in other.families.items() if f in counted)
        for k, other in enumerate(others)
        if other.program and parent.program and other.program.source != parent.program.source
    }
    best = max(leads, key=lambda k: leads[k], default=None)
    return others[best] if best is not None and leads[best] > 0 else None
