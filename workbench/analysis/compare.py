"""Comparisons of recorded programs and baselines, paired by instance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from workbench.analysis.stats import bonferroni, one_more, paired_interval, sign_flip, wins_ties_losses
from workbench.errors import UsageError
from workbench.formatting import level, points, span
from workbench.model import Interval, Record, Report, Split
from workbench.problem.catalog import LoadedProblem
from workbench.problem.gap import mean_gap
from workbench.store import Run, Store
from workbench.values import scored

OPEN = (Split.TRAIN, Split.VALIDATION)
"""Splits on which programs may be compared freely; only a certificate uses test."""
CONFIDENCE = 0.95
"""Two-sided confidence level of one interval, and of all accesses to a test set together."""


class Standing(StrEnum):
    """Verdict of a comparison: the interval lies below 0, above 0, or contains it; or no instance differs."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "no clear difference"
    SAME = "the same"


@dataclass(frozen=True, slots=True)
class Contender:
    """One side of a comparison: a program of a run, or a baseline (`number` is None).

    Attributes
    ----------
    name
        `run:number`, or the name of the baseline.
    gaps, families
        Gap and instance class by instance ID.
    """

    name: str
    number: int | None
    gaps: Mapping[str, float]
    families: Mapping[str, str]

    @property
    def counted(self) -> list[str]:
        """IDs of the instances that count in the mean, sorted."""
        families = scored(self.families[id] for id in self.gaps)
        return sorted(id for id in self.gaps if self.families[id] in families)

    @property
    def gap(self) -> float:
        """Mean over the instance classes that count of the mean within each class."""
        by_family: dict[str, list[float]] = {}
        for id, gap in self.gaps.items():
            by_family.setdefault(self.families[id], []).append(gap)
        return mean_gap({family: math.fsum(gaps) / len(gaps) for family, gaps in by_family.items()})


class Worst(NamedTuple):
    """The instance with the largest difference: where the first program loses most, or wins least."""

    instance: str
    difference: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Comparison of `name` with `against`. Differences are between gaps; a negative one favours `name`.

    Attributes
    ----------
    gap, other
        Gaps of `name` and `against`.
    difference
        Mean paired difference over what counts (`values.scored`, as for all figures but `families`), with its bootstrap-t
        interval (`stats.paired_interval`) at `confidence`.
    p_value
        One-sided p value of a sign-flip test for a mean difference below 0; 1 if the interval reaches 0.
    guard
        How much one more instance as bad as the worst seen on any split would raise the mean; 0 if not required.
    record
        Wins, ties and losses over instances.
    families
        Mean difference by instance class.
    """

    name: str
    against: str
    gap: float
    other: float
    difference: Interval
    confidence: float
    record: Record
    worst: Worst
    families: Mapping[str, float]
    p_value: float = 1.0
    guard: float = 0.0

    @property
    def verdict(self) -> Standing:
        """Verdict of the interval, the sign-flip test and the guard."""
        if self.record.wins == self.record.losses == 0:
            return Standing.SAME
        if self.difference.high + self.guard < 0 and self.p_value <= (1 - self.confidence) / 2:
            return Standing.BETTER
        return Standing.WORSE if self.difference.low > 0 else Standing.UNCLEAR

    @property
    def better(self) -> bool:
        """Whether interval and sign-flip test agree that the difference is below 0, even with one more bad instance."""
        return self.verdict is Standing.BETTER

    def __str__(self) -> str:
        mean, low, high = self.difference
        return (
            f"{points(mean)} against {self.against}, {level(self.confidence)} CI {span(low, high)}"
            f" ({self.record.wins} wins, {self.record.ties} ties, {self.record.losses} losses{self._doubt()})"
        )

    def _doubt(self) -> str:
        """Why an interval below 0 is not enough; an empty string if it is."""
        if self.difference.high >= 0 or self.better:
            return ""
        if self.difference.high + self.guard >= 0:
            return f"; one more instance as bad as the worst seen would cost {points(self.guard)}"
        return f"; sign flips give p = {self.p_value:.2g}"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "name": self.name, "against": self.against, "gap": self.gap, "other": self.other,
            "difference": self.difference._asdict(), "confidence": self.confidence, **self.record._asdict(),
            "worst": self.worst._asdict(), "families": dict(self.families), "verdict": self.verdict.value,
            "p_value": self.p_value, "guard": self.guard,
        }  # fmt: skip


def compare(a: Contender, b: Contender, *, confidence: float = CONFIDENCE, worst_seen: float | None = None) -> Comparison:
    """Compare `a` with `b`, paired by instance.

    Pages, command line, report and certificate all use this function. Instances are ordered by ID, so that the same pair
    has the same resamples and the same interval everywhere.

    Parameters
    ----------
    worst_seen
        The largest difference on instances of other splits. To be better, `a` must stay ahead with one more instance as bad
        as this or as the worst one here. None: not required.

    Raises
    ------
    UsageError
        The two were not evaluated on the same instances.
    """
    if a.gaps.keys() != b.gaps.keys() or not a.gaps:
        raise UsageError(f"{a.name} and {b.name} were not evaluated on the same instances")
    ids = a.counted
    own, other, families = [a.gaps[i] for i in ids], [b.gaps[i] for i in ids], [a.families[i] for i in ids]
    differences = {i: a.gaps[i] - b.gaps[i] for i in sorted(a.gaps)}
    by_family: dict[str, list[float]] = {}
    for i in differences:
        by_family.setdefault(a.families[i], []).append(differences[i])
    worst = max(ids, key=differences.__getitem__)
    difference = paired_interval(own, other, families=families, confidence=confidence)
    guard = 0.0 if worst_seen is None else one_more(difference.mean, max(worst_seen, differences[worst]), len(ids))
    return Comparison(
        a.name, b.name, a.gap, b.gap, difference, confidence,
        wins_ties_losses(own, other), Worst(worst, differences[worst]),
        {family: math.fsum(values) / len(values) for family, values in by_family.items()},
        sign_flip(own, other, families=families) if difference.high < 0 else 1.0, guard,
    )  # fmt: skip


def compare_all(own: Contender, rivals: Sequence[Contender], *, together: bool = False) -> list[Comparison]:
    """Compare one with each of several; `together` widens the intervals to hold simultaneously (Bonferroni)."""
    confidence = bonferroni(CONFIDENCE, len(rivals)) if together and rivals else CONFIDENCE
    return [compare(own, rival, confidence=confidence) for rival in rivals]


def worst_difference(own: Contender, rival: Contender) -> float:
    """Return the largest loss to a rival on one instance that counts; minus infinity if they share none."""
    return max((own.gaps[id] - rival.gaps[id] for id in own.counted if id in rival.gaps), default=-math.inf)


# --------------------------------------------------------------------------- contenders


class Address(NamedTuple):
    """A run and the number of an attempt; None stands for the run's champion."""

    run: str
    number: int | None


def address(text: str) -> Address:
    """Parse `RUN` or `RUN:N`.

    Raises
    ------
    UsageError
        The text after the colon is not an attempt number.
    """
    run, colon, number = text.rpartition(":")
    if not colon:
        return Address(text, None)
    if not run or not number.isdecimal() or len(number) > 9:
        raise UsageError(f"{text!r} names no program: write RUN or RUN:N with the number of an attempt")
    return Address(run, int(number))


def of_report(name: str, number: int | None, report: Report) -> Contender:
    """Return an evaluated program as a contender."""
    return Contender(name, number, {r.id: r.gap for r in report.results}, {r.id: r.family for r in report.results})


def of_run(store: Store, row: Run, number: int | None, split: Split) -> Contender:
    """Return a recorded program of a run, by default its champion, as a contender.

    Raises
    ------
    UsageError
        The run has no champion or no such attempt, or the attempt is not valid or was not evaluated on this split.
    """
    if split not in OPEN:
        raise UsageError(f"programs are compared on {' and '.join(OPEN)}; for {split} use: evolve certify {row.id}")
    number = row.champion if number is None else number
    if number is None:
        raise UsageError(f"run {row.id} has no best candidate yet; name an attempt: {row.id}:N")
    report = store.report(row.id, number, split)
    name = f"{row.id}:{number}"
    if report is None:
        found = store.candidate(row.id, number)  # raises where there is no such attempt
        if found.status != "ok":
            raise UsageError(f"{name} is not a valid program ({found.status}): {found.message}")
        raise UsageError(f"{name} was not evaluated on {split} (a run evaluates only its best candidates there); use train")
    if report.status != "ok":
        raise UsageError(f"{name} is not a valid program ({report.status}): {report.message}")
    return of_report(name, number, report)


def of_baseline(loaded: LoadedProblem, name: str, split: Split) -> Contender:
    """Return a baseline as a contender, from the problem's stored references.

    Raises
    ------
    UsageError
        The problem has no such baseline.
    """
    names = [b.name for b in loaded.problem.baselines]
    if name not in names:
        raise UsageError(f"{loaded.slug} has no baseline {name!r}; it has: {', '.join(names)}")
    return Contender(name, None, loaded.references.gaps(name, split), {i.id: i.family for i in loaded.instances(split)})


def of_baselines(loaded: LoadedProblem, split: Split) -> list[Contender]:
    """Return all baselines as contenders, best first."""
    return sorted((of_baseline(loaded, b.name, split) for b in loaded.problem.baselines), key=lambda c: c.gap)


# --------------------------------------------------------------------------- distributions and settings


def within(contender: Contender) -> tuple[list[float], list[float]]:
    """Return the empirical distribution of the gaps that count: sorted gaps, and the share of instances up to each."""
    gaps = sorted(contender.gaps[id] for id in contender.counted)
    return gaps, [(k + 1) / len(gaps) for k in range(len(gaps))]


def differing(settings: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return the settings that differ, by name, with one value for each; None where it is missing."""
    names = list(dict.fromkeys(name for one in settings for name in one))
    table = {name: [one.get(name) for one in settings] for name in names}
    return {name: values for name, values in table.items() if any(value != values[0] for value in values)}
