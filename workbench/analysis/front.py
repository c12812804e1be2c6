"""Candidates by gap and by a second objective: the Pareto front, and which candidate to prefer."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import UsageError
from workbench.model import Report, Split
from workbench.problem.catalog import LoadedProblem
from workbench.problem.gap import effect_of
from workbench.protocols import SecondObjective
from workbench.store import Ledger, Store
from workbench.values import scored

GAP = "gap"
"""The preference that asks for no second objective."""
CPU = SecondObjective("cpu", "longest CPU time on an instance, s")
"""The second objective of every problem."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A candidate on a split.

    Attributes
    ----------
    second
        Its second objective; lower is better, as `front` compares it (see `shown`).
    close
        Whether its gap is within noise of the best gap there.
    """

    number: int
    gap: float
    second: float
    close: bool


def objectives(loaded: LoadedProblem | None) -> list[SecondObjective]:
    """Return the second objectives of a problem, that of its own first."""
    own = loaded.second if loaded else None
    return [CPU] if own is None else [own, CPU]


def preference(loaded: LoadedProblem, name: str) -> SecondObjective | None:
    """Return the second objective that a preference names; None if it is the gap alone.

    Raises
    ------
    UsageError
        The problem has no such second objective.
    """
    known = {second.metric: second for second in objectives(loaded)}
    if name != GAP and name not in known:
        raise UsageError(f"--prefer takes {', '.join([GAP, *known])} for {loaded.slug}, got {name!r}")
    return known.get(name)


def standings(
    store: Ledger | Store, run: str, second: SecondObjective, split: Split, without: Collection[int] = ()
) -> list[Standing]:
    """Return the valid attempts of a run that have a second objective on a split, by number.

    Parameters
    ----------
    without
        Numbers of attempts that do not count.
    """
    gaps = {number: gap for number, gap in store.gaps(run, split).items() if number not in without}
    best = min(gaps, key=lambda number: (gaps[number], number), default=None)
    against = None if best is None else store.report(run, best, split)
    if against is None:
        return []
    theirs, families = [r.gap for r in against.results], [r.family for r in against.results]
    found = []
    for number, report in store.reports(run, split):
        value = _value(report, second)
        if number in gaps and value is not None:
            close = number == best or effect_of([r.gap for r in report.results], theirs, families).within_noise
            found.append(Standing(number, report.gap, value, close))
    return sorted(found, key=lambda standing: standing.number)


def front(among: Sequence[Standing]) -> list[Standing]:
    """Return the Pareto front, best gap first: no other is as good in both and better in one; the first of equals."""
    found: list[Standing] = []
    for standing in sorted(among, key=lambda s: (s.gap, s.second, s.number)):
        if not found or standing.second < found[-1].second:
            found.append(standing)
    return found


def preferred(among: Sequence[Standing], most: int = 1) -> list[int]:
    """Return the candidates that are best by the second objective within noise of the best gap, best first."""
    close = sorted((s for s in among if s.close), key=lambda s: (s.second, s.gap, s.number))
    return [standing.number for standing in close[:most]]


def shown(second: SecondObjective, value: float) -> float:
    """Return a second objective as the verifier has it."""
    return -value if second.sense == "max" else value


def to_json(second: SecondObjective, standing: Standing) -> dict[str, Any]:
    """Return a candidate by the names of its objectives."""
    return {
        "number": standing.number,
        "gap": standing.gap,
        second.metric: shown(second, standing.second),
        "within_noise_of_best": standing.close,
    }


def _value(report: Report, second: SecondObjective) -> float | None:
    """Second objective of a report, turned so that lower is better; None if no instance has it."""
    if second is CPU:
        return max((r.seconds for r in report.results), default=None)
    counted = scored(report.families)
    values = [r.metrics[second.metric] for r in report.results if second.metric in r.metrics and r.family in counted]
    return shown(second, statistics.fmean(values)) if values else None
