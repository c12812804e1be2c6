"""The verdict on a discovery: the sealed test split, stress families and determinism, against every human baseline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from workbench.catalog import LoadedProblem
from workbench.errors import ProblemError
from workbench.evaluate import evaluate
from workbench.model import Instance, InstanceResult, Program, Report, Split, Status
from workbench.protocols import Sandbox
from workbench.stats import Interval, Record, bonferroni, paired_bootstrap, wins_ties_losses

CONFIDENCE = 0.95
"""Of all comparisons with baselines together."""
TOLERANCE = 0.05
"""How much worse (in gap) than the best baseline a program may be on a stress family that states no tolerance of its own."""
FEWEST_INSTANCES = 5
"""Of the test split; an interval over fewer says nothing."""

Progress = Callable[[str, int, int], None]
"""Stage, instances done, instances in all."""


class Verdict(StrEnum):
    """`certified`: better than every baseline on test, and sound. `overfit`: better on validation, not on test.
    `fragile`: better on test, but fails there, under stress or in a second run."""

    CERTIFIED = "certified"
    NOT_BETTER = "not better"
    OVERFIT = "overfit"
    FRAGILE = "fragile"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A program against one baseline on one split; the difference in gap is below 0 where the program is better.

    Attributes
    ----------
    difference
        Mean over families and its interval at `confidence`, which is corrected for the number of baselines.
    record
        Wins, ties and losses over instances.
    """

    baseline: str
    split: Split
    difference: Interval
    confidence: float
    record: Record

    @property
    def better(self) -> bool:
        """Whether the whole interval lies below 0."""
        return self.difference.high < 0

    def __str__(self) -> str:
        mean, low, high = self.difference
        return (
            f"{self.split}: gap {mean:+.4f} [{low:+.4f}, {high:+.4f}] against {self.baseline} at {self.confidence:.3g}"
            f" ({self.record.wins} won, {self.record.ties} equal, {self.record.losses} lost)"
        )


@dataclass(frozen=True, slots=True)
class Check:
    """One line of evidence."""

    name: str
    passed: bool
    line: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """A verdict with its evidence.

    Attributes
    ----------
    reason
        The line that decided the verdict.
    gaps
        Mean gap of the program by split.
    comparisons
        Against each baseline on validation and test.
    checks
        Every check with its line, in the order they were made.
    """

    verdict: Verdict
    reason: str
    problem: str
    version: str
    isolation: str
    gaps: Mapping[Split, float]
    comparisons: tuple[Comparison, ...]
    checks: tuple[Check, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """JSON-clean copy; the verdict comes first."""
        fields = {name: getattr(self, name) for name in ("reason", "problem", "version", "isolation", "seconds")}
        return {
            "verdict": self.verdict.value,
            **fields,
            "gaps": {split.value: gap for split, gap in self.gaps.items()},
            "comparisons": [
                {
                    "baseline": c.baseline, "split": c.split.value, "better": c.better, **c.difference._asdict(),
                    "confidence": c.confidence, **c.record._asdict(),
                }
                for c in self.comparisons
            ],
            "checks": [asdict(check) for check in self.checks],
        }  # fmt: skip


def certify(loaded: LoadedProblem, program: Program, sandbox: Sandbox, *, on_progress: Progress | None = None) -> Certificate:
    """Put a program to the test; every instance runs in a fresh process.

    Raises
    ------
    ProblemError
        The problem has no baselines, or too few test instances to tell anything.
    """
    began = time.perf_counter()
    if not loaded.problem.baselines:
        raise ProblemError(f"{loaded.slug} names no baselines: there is nothing to be better than")
    if len(loaded.instances(Split.TEST)) < FEWEST_INSTANCES:
        raise ProblemError(f"{loaded.slug} has fewer than {FEWEST_INSTANCES} test instances: no interval can be made of them")

    reports = {
        split: _evaluate(loaded, program, split, sandbox, f"{split}", on_progress)
        for split in (Split.VALIDATION, Split.TEST, Split.STRESS)
    }
    again = _evaluate(loaded, program, Split.TEST, sandbox, "second run", on_progress, backwards=True)

    validation, test = (_comparisons(loaded, reports[split]) for split in (Split.VALIDATION, Split.TEST))
    sound = [_answers(reports[Split.TEST]), *_stress(loaded, reports[Split.STRESS]), _determinism(reports[Split.TEST], again)]
    verdict, reason = _verdict(validation, test, sound)
    return Certificate(
        verdict,
        reason,
        loaded.slug,
        loaded.version,
        sandbox.isolation,
        {split: report.gap for split, report in reports.items() if report.results},
        (*validation, *test),
        (*(Check(f"{c.split}: {c.baseline}", c.better, str(c)) for c in (*validation, *test)), *sound),
        time.perf_counter() - began,
    )


def _verdict(validation: Sequence[Comparison], test: Sequence[Comparison], sound: Sequence[Check]) -> tuple[Verdict, str]:
    closest = max(test, key=lambda c: c.difference.high)
    if not closest.better:
        overfit = bool(validation) and all(c.better for c in validation)
        if overfit:
            return Verdict.OVERFIT, f"better than every baseline on validation, but {closest}"
        return Verdict.NOT_BETTER, str(closest)
    broken = next((check for check in sound if not check.passed), None)
    if broken:
        return Verdict.FRAGILE, broken.line
    return Verdict.CERTIFIED, f"better than every baseline, closest on {closest}"


def _evaluate(
    loaded: LoadedProblem,
    program: Program,
    split: Split,
    sandbox: Sandbox,
    stage: str,
    on_progress: Progress | None,
    *,
    backwards: bool = False,
) -> Report:
    """All instances in fresh processes; backwards, in one process, so that what it remembers from one to the next shows."""
    instances: list[Instance] = list(loaded.instances(split))
    if not instances:
        return Report(split, Status.OK, 0.0, {}, ())
    done = 0

    def progress(_: InstanceResult) -> None:
        nonlocal done
        done += 1
        if on_progress:
            on_progress(stage, done, len(instances))

    order: Iterable[Instance] = reversed(instances) if backwards else instances
    return evaluate(loaded, program, split, sandbox, instances=order, fresh=not backwards, on_result=progress)


def _comparisons(loaded: LoadedProblem, report: Report) -> tuple[Comparison, ...]:
    if not report.results:
        return ()
    names = [baseline.name for baseline in loaded.problem.baselines]
    level = bonferroni(CONFIDENCE, len(names))
    own, families = [r.gap for r in report.results], [r.family for r in report.results]
    made = []
    for name in names:
        gaps = loaded.references.gaps(name, report.split)
        theirs = [gaps[r.id] for r in report.results]
        difference = paired_bootstrap(own, theirs, families=families, confidence=level)
        made.append(Comparison(name, report.split, difference, level, wins_ties_losses(own, theirs)))
    return tuple(made)


def _answers(report: Report) -> Check:
    failed = sum(r.status is not Status.OK for r in report.results)
    line = f"test: {failed} of {len(report.results)} failed" + (f"; first: {report.message}" if failed else "")
    return Check("test: answers", not failed, line)


def _stress(loaded: LoadedProblem, report: Report) -> list[Check]:
    """One check a family: every instance answered, and no worse than the best baseline of that family beyond its tolerance."""
    checks = []
    means = {b.name: loaded.references.families(b.name, Split.STRESS) for b in loaded.problem.baselines} if report.results else {}
    for family, gap in report.families.items():
        best = min(means, key=lambda name: means[name][family])
        theirs, tolerance = means[best][family], loaded.problem.stress_tolerance.get(family, TOLERANCE)
        failed = [r for r in report.results if r.family == family and r.status is not Status.OK]
        line = f"stress {family}: gap {gap:.4f}, {best} {theirs:.4f}, tolerance {tolerance:g}"
        if failed:
            line = f"stress {family}: {failed[0].id} ended with {failed[0].status}: {failed[0].message}"
        checks.append(Check(f"stress: {family}", not failed and gap <= theirs + tolerance, line))
    return checks


def _determinism(first: Report, second: Report) -> Check:
    before = {r.id: (r.status, r.objective) for r in first.results}
    changed = [r for r in reversed(second.results) if before[r.id] != (r.status, r.objective)]
    line = f"determinism: {len(before) - len(changed)} of {len(before)} test instances came out the same in reverse order"
    if changed:
        one = changed[0]
        line += f"; {one.id}: {_outcome(*before[one.id])}, then {_outcome(one.status, one.objective)}"
    return Check("determinism", not changed, line)


def _outcome(status: Status, objective: float | None) -> str:
    return f"{objective:g}" if objective is not None else status.value
