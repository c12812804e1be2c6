"""What each of several proposers or strategies of a run has spent and found, over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from workbench.formatting import dollars, duration, points
from workbench.model import Status
from workbench.options import mixture
from workbench.search import portfolio
from workbench.store import Mark, PaidCall, Point, Reader, Run

PERIODS = 4
"""Equal parts in which a run is shown."""


@dataclass(frozen=True, slots=True)
class Made:
    """Attempts of one proposer, or with parents from one strategy, in a part of a run.

    Attributes
    ----------
    name
        Of the proposer or strategy.
    first, last
        Numbers of the attempts between which the part lies.
    attempts, valid, duplicates, improved
        How many there were, were valid, repeated a program, and were the best on train so far.
    share
        Part of all attempts there that are anybody's.
    gained
        Sum of the steps by which these lowered the best train gap.
    cost_usd
        Dollars spent; None if a price is unknown.
    seconds
        Time of calls and evaluations, side by side or not.
    """

    name: str
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

    def cells(self) -> list[str]:
        """Return the fields as texts, by `Division.columns`."""
        return [
            f"{self.first}-{self.last}", self.name, f"{self.attempts:,}", f"{self.share:.0%}", f"{self.valid:,}",
            f"{self.duplicates:,}", f"{self.improved:,}", points(self.gained).lstrip("+"), dollars(self.cost_usd),
            duration(self.seconds),
        ]  # fmt: skip


class Division(NamedTuple):
    """How a run divided its attempts among several of a kind: `proposer` or `strategy`."""

    kind: str
    made: list[Made]

    @property
    def columns(self) -> tuple[str, ...]:
        """Headings of `Made.cells`."""
        return "attempts", self.kind, "made", "share", "valid", "duplicates", "improved", "by", "spent", "time"

    @property
    def rows(self) -> list[list[str]]:
        """Texts below the headings."""
        return [one.cells() for one in self.made]

    def to_json(self) -> list[dict[str, Any]]:
        """Return the rows, each as fields by name."""
        return [{self.kind if field == "name" else field: value for field, value in asdict(one).items()} for one in self.made]


def chosen_by(run: Run, island: int | None, operator: str) -> str:
    """Return the strategy that chose the parent of an attempt; empty if none did."""
    options = run.options
    if operator in portfolio.NOBODY or options.strategy != "portfolio":
        return "" if operator in portfolio.NOBODY else options.strategy
    return portfolio.owner(options.strategy_options, island)


def population(run: Run) -> Callable[[int], str]:
    """Return how a run names what an island's number stands for: a strategy of a portfolio, or an island."""
    options = run.options
    if options.strategy == "portfolio":
        return lambda island: portfolio.owner(options.strategy_options, island)
    return "island {}".format


def divisions(store: Reader, run: Run, mark: Mark | None = None) -> list[Division]:
    """Return what each proposer and each strategy of a run did, where it has several of them, up to a mark."""
    of: dict[str, Callable[[Point], str]] = {}
    if mixture(run.options.proposer):
        of["proposer"] = lambda point: point.proposer
    if run.options.strategy == "portfolio":
        of["strategy"] = lambda point: chosen_by(run, point.island, point.operator)
    if not of:
        return []
    points, calls = store.points(run.id, mark or store.mark(run.id)), store.paid_calls(run.id)
    found = [Division(kind, over_time(points, calls, whose)) for kind, whose in of.items()]
    return [division for division in found if division.made]


def over_time(
    attempts: Sequence[Point], calls: Iterable[PaidCall], whose: Callable[[Point], str], periods: int = PERIODS
) -> list[Made]:
    """Return what each of several did in each of several equal parts of a run, and then in all of it.

    Parameters
    ----------
    whose
        Name of whom an attempt is counted to; empty: nobody, as with initial programs, tunings and injected programs.
    """
    steps, best = {}, math.inf
    for point in sorted(attempts, key=lambda p: p.number):
        if point.gap is not None and point.gap < best:
            steps[point.number], best = (best - point.gap if best < math.inf else 0.0), point.gap
    paid: dict[int, list[PaidCall]] = {}
    for call in calls:
        paid.setdefault(call.number, []).append(call)
    owners = {p.number: whose(p) for p in attempts}
    made = sorted((p for p in attempts if owners[p.number]), key=lambda p: p.number)
    if not made:
        return []
    size = -(-len(made) // periods)
    pieces = [made[k : k + size] for k in range(0, len(made), size)]
    pieces = [*pieces, made] if len(pieces) > 1 else [made]
    names = sorted({owners[p.number] for p in made})
    found: list[Made] = []
    for piece in pieces:
        of = {name: [p for p in piece if owners[p.number] == name] for name in names}
        found += [_made(name, piece, theirs, steps, paid) for name, theirs in of.items() if theirs]
    return found


def _made(
    name: str, piece: Sequence[Point], theirs: Sequence[Point], steps: dict[int, float], paid: dict[int, list[PaidCall]]
) -> Made:
    calls = [call for p in theirs for call in paid.get(p.number, ())]
    unknown = any(call.cost_usd is None and (not call.error or call.tokens_out) for call in calls)
    return Made(
        name, piece[0].number, piece[-1].number, len(theirs), len(theirs) / len(piece),
        sum(p.status in (Status.OK, Status.BEHIND) for p in theirs), sum(p.status == Status.DUPLICATE for p in theirs),
        sum(p.number in steps for p in theirs), math.fsum(steps.get(p.number, 0.0) for p in theirs),
        None if unknown else math.fsum(call.cost_usd or 0.0 for call in calls),
        math.fsum(call.seconds for call in calls) + math.fsum(p.seconds for p in theirs),
    )  # fmt: skip
