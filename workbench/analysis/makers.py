"""What each proposer of a run has spent and found, over time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workbench.formatting import dollars, duration, points
from workbench.model import Status
from workbench.store import PaidCall, Point

PERIODS = 4
"""Equal parts in which a run is shown."""
COLUMNS = ("attempts", "proposer", "made", "share", "valid", "duplicates", "improved", "by", "spent", "time")
"""Headings of `cells`."""


@dataclass(frozen=True, slots=True)
class Made:
    """Attempts of one proposer in a part of a run.

    Attributes
    ----------
    first, last
        Numbers of the attempts between which the part lies.
    attempts, valid, duplicates, improved
        How many there were, were valid, repeated a program, and were the best on train so far.
    share
        Part of all attempts there that proposers made.
    gained
        Sum of the steps by which they lowered the best train gap.
    cost_usd
        Dollars spent; None if a price is unknown.
    seconds
        Time of calls and evaluations, side by side or not.
    """

    proposer: str
    first: int
    last: int
    attempts: int
    share: float
    valid: int
    duplicates: int
    improved: int
    gained: float
    cost_usd: float | None
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)

    def cells(self) -> list[str]:
        """Return the fields as texts, by `COLUMNS`."""
        return [
            f"{self.first}-{self.last}", self.proposer, f"{self.attempts:,}", f"{self.share:.0%}", f"{self.valid:,}",
            f"{self.duplicates:,}", f"{self.improved:,}", points(self.gained).lstrip("+"), dollars(self.cost_usd),
            duration(self.seconds),
        ]  # fmt: skip


def by_proposer(attempts: Sequence[Point], calls: Iterable[PaidCall], periods: int = PERIODS) -> list[Made]:
    """Return what each proposer did in each of several equal parts of a run, and then in all of it.

    Initial programs, tunings and injected programs are of none.
    """
    steps, best = {}, math.inf
    for point in sorted(attempts, key=lambda p: p.number):
        if point.gap is not None and point.gap < best:
            steps[point.number], best = (best - point.gap if best < math.inf else 0.0), point.gap
    paid: dict[int, list[PaidCall]] = {}
    for call in calls:
        paid.setdefault(call.number, []).append(call)
    made = sorted((p for p in attempts if p.proposer), key=lambda p: p.number)
    if not made:
        return []
    size = -(-len(made) // periods)
    pieces = [made[k : k + size] for k in range(0, len(made), size)]
    pieces = [*pieces, made] if len(pieces) > 1 else [made]
    names = list(dict.fromkeys(sorted(p.proposer for p in made)))
    return [found for piece in pieces for name in names if (found := _made(name, piece, steps, paid))]


def _made(name: str, piece: Sequence[Point], steps: dict[int, float], paid: dict[int, list[PaidCall]]) -> Made | None:
    theirs = [p for p in piece if p.proposer == name]
    if not theirs:
        return None
    calls = [call for p in theirs for call in paid.get(p.number, ())]
    unknown = any(call.cost_usd is None and (not call.error or call.tokens_out) for call in calls)
    return Made(
        name, piece[0].number, piece[-1].number, len(theirs), len(theirs) / len(piece),
        sum(p.status in (Status.OK, Status.BEHIND) for p in theirs), sum(p.status == Status.DUPLICATE for p in theirs),
        sum(p.number in steps for p in theirs), math.fsum(steps.get(p.number, 0.0) for p in theirs),
        None if unknown else math.fsum(call.cost_usd or 0.0 for call in calls),
        math.fsum(call.seconds for call in calls) + math.fsum(p.seconds for p in theirs),
    )  # fmt: skip
