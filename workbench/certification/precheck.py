"""The checks of a certificate that need no sealed split, on train and validation alone."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from workbench.analysis.compare import Comparison
from workbench.certificate import Check
from workbench.certification.constants import constants
from workbench.certification.determinism import determinism
from workbench.certification.evidence import in_other_forms, seed_of
from workbench.certification.examine import bounds, evaluated
from workbench.certification.growth import growth
from workbench.certification.leads import against_baselines, consistency, level_of
from workbench.certification.reach import reach
from workbench.certification.recognition import FEWEST, group_of, recognition
from workbench.certification.simplify import simplification
from workbench.certification.verdict import Progress, silent
from workbench.errors import ProblemError
from workbench.evaluation.bench import Bench
from workbench.evaluation.jobs import Executor
from workbench.model import Program, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import METAMORPHIC, extra
from workbench.protocols import Sandbox

SPLITS = (Split.TRAIN, Split.VALIDATION)
BESIDE = ("dependence", "simplification")
"""Kinds of checks that stand beside the verdict of a certificate."""
_FIRST = level_of(1)
"""Level of comparisons: that of a first access to the test set, the mildest."""


@dataclass(frozen=True, slots=True)
class Precheck:
    """What train and validation tell of a program before its certificate.

    Attributes
    ----------
    gaps
        Mean gap on train and on validation.
    comparisons
        With each baseline on validation, at the level of a first certificate.
    checks
        Of the kinds that a certificate has, in its order.
    seconds
        Duration.
    """

    problem: str
    version: str
    isolation: str
    gaps: Mapping[Split, float]
    comparisons: tuple[Comparison, ...]
    checks: tuple[Check, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether nothing failed that a certificate needs."""
        return not any(check.passed is False for check in self.checks if check.kind not in BESIDE)

    @property
    def simplified(self) -> str:
        """The program without its unnecessary parts; empty if there are none, or if this was not checked."""
        return next((str(c.data.get("source", "")) for c in self.checks if c.kind == "simplification"), "")

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "problem": self.problem, "version": self.version, "isolation": self.isolation, "passed": self.passed,
            "gaps": {split.value: gap for split, gap in self.gaps.items()},
            "comparisons": [comparison.to_json() for comparison in self.comparisons],
            "checks": [asdict(check) | {"word": check.word} for check in self.checks], "seconds": self.seconds,
        }  # fmt: skip


def precheck(
    loaded: LoadedProblem,
    program: Program,
    sandbox: Sandbox,
    *,
    on_progress: Progress = silent,
    on_check: Callable[[Check], None] = lambda check: None,
    budget: int | None = None,
    pool: Executor | None = None,
    simplify: bool = True,
) -> Precheck:
    """Check a program as a certificate does, as far as train and validation can tell.

    Parameters
    ----------
    on_check
        Called with the result of each check at once.
    budget, pool
        As for `certify`.
    simplify
        Whether to look for what could be left out, which takes longest and decides nothing.

    Raises
    ------
    ProblemError
        The problem has no baselines.
    """
    if not loaded.problem.baselines:
        raise ProblemError(f"{loaded.slug} has no baselines to compare with")
    began = time.perf_counter()
    with contextlib.closing(Bench(loaded, sandbox, pool)) as bench:
        reports = {split: evaluated(bench, program, split, on_progress) for split in SPLITS}
        comparisons = {split: against_baselines(loaded, split, reports, _FIRST) for split in SPLITS}
        checks = list[Check]()

        def keep(*found: Check) -> None:
            for check in found:
                checks.append(check)
                on_check(check)

        keep(*(_standing(comparison) for comparison in comparisons[Split.VALIDATION]))
        keep(*(_answers(report) for report in reports.values()), bounds(loaded, reports), consistency(comparisons))
        keep(*determinism(bench, program, reports, on_progress), reach(program.source, loaded.problem.modules))
        keep(*_other_forms(bench, program, reports[Split.VALIDATION], comparisons[Split.VALIDATION], on_progress))
        keep(_recognition(loaded, reports, comparisons[Split.VALIDATION]))
        if all(report.status is Status.OK for report in reports.values()):
            keep(growth(loaded, program, sandbox, on_progress, SPLITS))
            keep(constants(bench, program, reports[Split.VALIDATION], on_progress, budget))
            if simplify:
                keep(simplification(bench, program, reports, on_progress, budget))
    return Precheck(
        loaded.slug, loaded.version, sandbox.isolation, {split: report.gap for split, report in reports.items()},
        comparisons[Split.VALIDATION], tuple(checks), time.perf_counter() - began,
    )  # fmt: skip


def _standing(comparison: Comparison) -> Check:
    """Not judged where the program is ahead within chance: the test set may have more instances to tell."""
    name = f"validation: {comparison.against}"
    if comparison.better:
        return Check(name, "comparison", True, f"validation: {comparison}")
    if comparison.difference.mean < 0:
        return Check(name, "comparison", None, f"validation: ahead, but within chance: {comparison}")
    return Check(name, "comparison", False, f"validation: not ahead: {comparison}")


def _answers(report: Report) -> Check:
    failed = sum(r.status is not Status.OK for r in report.results)
    line = f"{report.split}: {failed} of {len(report.results)} failed" + (f"; first: {report.message}" if failed else "")
    return Check(f"{report.split}: answers", "answers", not failed, line)


def _other_forms(
    bench: Bench, program: Program, report: Report, comparisons: Sequence[Comparison], on_progress: Progress
) -> list[Check]:
    """The lead on validation where its instances take another form."""
    kind = "metamorphic"
    module = extra(bench.loaded.folder, METAMORPHIC)
    if module is None:
        return [Check(kind, kind, None, f"{kind}: does not apply, because the problem has no {METAMORPHIC}")]
    if report.status is not Status.OK:
        return [Check(kind, kind, None, f"{kind}: not judged, because the program fails on validation")]
    seed = seed_of(bench.loaded, program)
    return in_other_forms(bench, program, module.RELATIONS, seed, report, comparisons, _FIRST, on_progress)


def _recognition(loaded: LoadedProblem, reports: Mapping[Split, Report], comparisons: Sequence[Comparison]) -> Check:
    """Signs that a program recognises instances of one of the two splits; not judged where too few could show them."""
    closest = max(comparisons, key=lambda c: c.difference.mean)
    found = recognition([group_of(loaded, report) for report in reports.values()], closest.against, loaded.problem.sense)
    telling = [[count for _, count in found.data.get(pattern, {}).values()] for pattern in ("copied", "reached")]
    if found.passed and not any(len(counts) > 1 and min(counts) >= FEWEST for counts in telling):
        line = f"recognition: not judged, train and validation need {FEWEST} instances each on which baselines differ"
        return replace(found, passed=None, line=line)
    return found
