"""Scores a stored program again with the problem as it is now, and says what moved and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.evaluation.evaluate import evaluate
from workbench.formatting import percent
from workbench.model import Program, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.gap import mean_gap
from workbench.protocols import Sandbox

SPLITS = (Split.TRAIN, Split.VALIDATION)
"""What a run scores on; the sealed splits are for certificates."""
_EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Move:
    """One split before and after; `before` is None where the run never scored there.

    Attributes
    ----------
    objectives, references
        Instances of both versions on which the program's objective, or what it is measured against, is another one.
    gone, new
        Instances that one version alone has.
    """

    split: Split
    before: float | None
    after: float
    status: Status
    objectives: int
    references: int
    gone: int
    new: int

    @property
    def moved(self) -> bool:
        """Whether the score is another one."""
        return (
            self.status is not Status.OK
            or self.before is None
            or abs(self.after - self.before) > _EQUAL * max(1.0, abs(self.after))
        )

    def __str__(self) -> str:
        if self.status is not Status.OK:
            return f"{self.split}: fails now ({self.status})"
        if self.before is None:
            return f"{self.split}: {percent(self.after)}, not evaluated before"
        if not self.moved:
            return f"{self.split}: {percent(self.after)}, unchanged"
        causes = [
            f"{count} {what}"
            for count, what in (
                (self.objectives, "objectives differ"), (self.references, "references differ"), (self.gone, "instances are gone"),
                (self.new, "instances are new"),
            )
            if count
        ]  # fmt: skip
        why = ", ".join(causes) or "other instance classes"
        return f"{self.split}: {percent(self.before)} -> {percent(self.after)} ({why})"

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "before": self.before, "after": self.after, "status": self.status.value, "moved": self.moved,
            "objectives": self.objectives, "references": self.references, "gone": self.gone, "new": self.new,
        }  # fmt: skip


def score_again(
    loaded: LoadedProblem, program: Program, sandbox: Sandbox, on_split: Callable[[Split], None]
) -> dict[Split, Report]:
    """A program's reports on train and validation, every instance in a fresh process."""
    found = {}
    for split in SPLITS:
        on_split(split)
        found[split] = evaluate(loaded, program, split, sandbox, fresh=True)
    return found


def move(before: Report | None, after: Report) -> Move:
    """What is different between two reports of one program on one split."""
    old = {r.id: r for r in before.results} if before else {}
    new = {r.id: r for r in after.results}
    both = old.keys() & new.keys()
    return Move(
        after.split,
        before.gap if before and before.status is Status.OK else None,
        after.gap,
        after.status,
        sum(_differ(old[id].objective, new[id].objective) for id in both),
        sum(_differ(old[id].reference, new[id].reference) for id in both),
        len(old.keys() - new.keys()),
        len(new.keys() - old.keys()) if before else 0,
    )


def standing(loaded: LoadedProblem, reports: Mapping[Split, Report]) -> str:
    """Where a program stands on validation among the baselines of today."""
    names = [b.name for b in loaded.problem.baselines]
    report = reports[Split.VALIDATION]
    if not names or report.status is not Status.OK:
        return ""
    best, name = min((mean_gap(loaded.references.families(n, Split.VALIDATION)), n) for n in names)
    return f"{'ahead of' if report.gap < best - _EQUAL else 'not ahead of'} the best baseline, {name} ({percent(best)})"


def _differ(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is not b
    return abs(a - b) > _EQUAL * max(1.0, abs(a), abs(b))
