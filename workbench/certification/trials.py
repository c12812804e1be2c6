"""Variants of a program on validation and train, within a budget counted in instances: a busy machine changes nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from workbench.evaluation.bench import Bench
from workbench.model import Instance, InstanceResult, Program, Report, Split, Status
from workbench.problem.gap import family_gaps, in_rounds, mean_gap

SCREEN = 8
"""Instances of validation on which a variant is tried first: this many, or a quarter where that is more."""


class BudgetSpent(Exception):
    """No instance is left in the budget."""


class Trials:
    """Evaluates variants of a program; each instance that is run takes one from the budget."""

    def __init__(self, bench: Bench, budget: int) -> None:
        self._bench, self.budget, self.spent = bench, budget, 0

    def charge(self, instances: int) -> None:
        """Take some instances from the budget.

        Raises
        ------
        BudgetSpent
            There are fewer left.
        """
        if self.spent + instances > self.budget:
            raise BudgetSpent
        self.spent += instances

    def run(self, program: Program, split: Split, instances: Sequence[Instance]) -> Report:
        """Evaluate a variant on some instances of a split, up to the first that it fails on.

        Raises
        ------
        BudgetSpent
            Fewer instances than these are left.
        """
        if self.spent + len(instances) > self.budget:
            raise BudgetSpent
        found = self._bench.until_failure(program, split, [i.id for i in instances])
        self.charge(len(found.results))
        return found


def in_turn(instances: Iterable[Instance]) -> list[Instance]:
    """Instances of all classes in turn, so that the first few show every class that counts."""
    found = list(instances)
    return [found[k] for k in in_rounds([i.family for i in found])]


def screen(instances: Sequence[Instance]) -> int:
    """Number of instances, of those `in_turn`, that a variant is tried on first; all of them where there are few."""
    wanted = max(SCREEN, math.ceil(len(instances) / 4), len({i.family for i in instances}))
    return wanted if 2 * wanted <= len(instances) else len(instances)


def merged(reports: Sequence[Report]) -> Report:
    """Parts of one evaluation as one report."""
    results = tuple(r for report in reports for r in report.results)
    families = family_gaps(results)
    failed = next((report for report in reports if report.status is not Status.OK), None)
    return Report(
        reports[0].split, failed.status if failed else Status.OK, mean_gap(families), families, results,
        failed.message if failed else "", math.fsum(report.seconds for report in reports),
    )  # fmt: skip


def on_instances_of(part: Report, whole: Report) -> Report:
    """A report on a split, restricted to the instances of another one."""
    shown = {r.id for r in part.results}
    return merged([replace(whole, results=tuple(r for r in whole.results if r.id in shown))])


def lead(report: Report, rival: Mapping[str, float]) -> float:
    """How far the mean gap of a report lies below that of a rival on the same instances."""
    own = family_gaps(report.results)
    theirs = family_gaps([InstanceResult(r.id, r.family, Status.OK, rival[r.id]) for r in report.results])
    return mean_gap(theirs) - mean_gap(own)
