"""Certifies a program: every split in fresh processes, compared with every baseline."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.analysis.compare import Comparison
from workbench.certificate import BaselineComparison, Certificate, Check, Verdict
from workbench.certification.constants import constants
from workbench.certification.determinism import determinism
from workbench.certification.evidence import beyond_test
from workbench.certification.growth import growth
from workbench.certification.leads import against_baselines, consistency, level_of
from workbench.certification.meter import Certified, meter
from workbench.certification.reach import reach
from workbench.certification.recognition import group_of, recognition
from workbench.certification.simplify import simplification
from workbench.certification.start import Start, against_starts, finding
from workbench.certification.verdict import Progress, decide, silent
from workbench.errors import ProblemError
from workbench.evaluation.bench import Bench
from workbench.evaluation.jobs import Executor, Job
from workbench.formatting import percent, points
from workbench.model import InstanceResult, Program, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.foreign import refuse
from workbench.problem.gap import family_gaps, mean_gap
from workbench.protocols import Sandbox
from workbench.values import count_scored, scored

TOLERANCE = 0.05
"""How much worse (in gap) than the best baseline a program may be on a stress family that states no tolerance of its own."""
FEWEST_INSTANCES = 30
"""Number of test instances that a certificate needs: with fewer, too much hangs on what the sample happens not to hold."""
_FEWEST_COMPARED = 5
"""Number of test instances without which not even a comparison is made."""

_COMPARED = (Split.TRAIN, Split.VALIDATION, Split.TEST)


def certify(
    loaded: LoadedProblem,
    program: Program,
    sandbox: Sandbox,
    *,
    on_progress: Progress = silent,
    budget: int | None = None,
    accesses: int = 1,
    starts: Sequence[Start] = (),
    pool: Executor | None = None,
    metered: bool = False,
) -> Certificate:
    """Certify a program; every instance runs in a fresh process.

    Test and robustness results decide only the verdict: sensitivity analysis and ablation use train and validation.

    Parameters
    ----------
    budget
        Number of instances that the sensitivity analysis, and as many that the ablation may evaluate; by default as many as
        an ordinary program needs. What is not judged for lack of it makes no certificate.
    accesses
        Programs that have seen the test set by now, this one included: each is one more chance to be lucky, so the level of
        the intervals rises (`level_of`).
    starts
        Programs that its search started from.
    pool
        Evaluates instances in parallel; without it, one after the other in the sandbox.
    metered
        If the program is certified, also plant cheats and say which checks reject them.

    Raises
    ------
    ProblemError
        The problem has no baselines, or too few test instances to tell anything.
    """
    require(loaded)
    with contextlib.closing(Bench(loaded, sandbox, pool)) as bench:
        return _examined(bench, program, sandbox, on_progress, budget, accesses, starts, metered)


def _examined(
    bench: Bench,
    program: Program,
    sandbox: Sandbox,
    on_progress: Progress,
    budget: int | None,
    accesses: int,
    starts: Sequence[Start],
    metered: bool,
) -> Certificate:
    began, loaded = time.perf_counter(), bench.loaded
    reports = {split: evaluated(bench, program, split, on_progress) for split in Split}
    comparisons = {split: against_baselines(loaded, split, reports, level_of(accesses)) for split in _COMPARED}
    sound = [
        _instances(reports[Split.TEST]),
        _answers(reports[Split.TEST]),
        bounds(loaded, reports),
        *_stress(loaded, reports[Split.STRESS]),
        consistency(comparisons),
        *determinism(bench, program, reports, on_progress),
        reach(program.source, loaded.problem.modules),
    ]
    loads = reports[Split.TRAIN].status is Status.OK and reports[Split.VALIDATION].status is Status.OK
    beyond = beyond_test(bench, program, reports[Split.TEST], comparisons[Split.TEST], level_of(accesses), on_progress)
    sound += beyond.decisive
    groups = [group_of(loaded, report) for report in reports.values() if report.results]
    rival = max(comparisons[Split.TEST], key=lambda c: c.difference.mean).against
    sound.append(recognition([*groups, *([beyond.fresh] if beyond.fresh else [])], rival, loaded.problem.sense))
    if loads:  # what fails on what it was made for has nothing that could grow, move or go
        sound.append(growth(loaded, program, sandbox, on_progress))
        sound.append(constants(bench, program, reports[Split.VALIDATION], on_progress, budget))
    initial = against_starts(bench, program, reports, starts, level_of(accesses), on_progress)
    told = [*beyond.beside, *finding(initial, program, starts), _drop(loaded, reports, comparisons)]
    if loads:
        told.append(simplification(bench, program, reports, on_progress, budget))
    verdict, reason = decide(comparisons, sound)
    if metered and verdict is Verdict.CERTIFIED:
        told.append(meter(bench, sandbox, Certified(program, reports, beyond.fresh, level_of(accesses), sound), on_progress))
    return Certificate(
        verdict,
        reason,
        loaded.slug,
        loaded.version,
        sandbox.isolation,
        {split: report.gap for split, report in reports.items() if report.results},
        tuple(_kept(c, split) for split, made in comparisons.items() for c in made),
        (
            *(Check(f"{s}: {c.against}", "comparison", c.better, f"{s}: {c}") for s in _COMPARED[1:] for c in comparisons[s]),
            *sound,
            *told,
        ),
        time.perf_counter() - began,
        disclosed=loaded.problem.disclosed,
        starts=tuple(_kept(c, Split.TEST) for c in initial),
    )


def _kept(found: Comparison, split: Split) -> BaselineComparison:
    return BaselineComparison(
        found.against, split, found.difference, found.confidence, found.record, found.better, found.p_value, found.guard
    )


def require(loaded: LoadedProblem) -> None:
    """Check that a problem can have certificates, before its test set is accessed.

    Raises
    ------
    ProblemError
        No baselines, or too few test instances.
    """
    refuse(loaded.slug, loaded.folder, "be certified")
    if not loaded.problem.baselines:
        raise ProblemError(f"{loaded.slug} has no baselines to compare with")
    if (count := count_scored(i.family for i in loaded.instances(Split.TEST))) < _FEWEST_COMPARED:
        raise ProblemError(
            f"{loaded.slug} has {count} test instances that count: a comparison needs at least {_FEWEST_COMPARED}, a certificate "
            f"{FEWEST_INSTANCES}; add some to instances(Split.TEST)"
        )


def evaluated(bench: Bench, program: Program, split: Split, on_progress: Progress) -> Report:
    """All instances of a split in fresh processes, with the program's decisions."""
    if not bench.loaded.instances(split):
        return Report(split, Status.OK, 0.0, {}, ())
    job = Job(program, split, fresh=True, record=True)
    return bench.reports([job], lambda done, total: on_progress(f"{split}", done, total))[0]


def _instances(report: Report) -> Check:
    """Not judged where the sample is too small to certify anything; all figures are reported nevertheless."""
    count = count_scored(r.family for r in report.results)
    besides = f", besides {more} smoke tests" if (more := len(report.results) - count) else ""
    enough = count >= FEWEST_INSTANCES
    line = f"instances: {count} on test{besides}; a certificate needs at least {FEWEST_INSTANCES}"
    return Check("test: instances", "instances", True if enough else None, line, {"fewest": FEWEST_INSTANCES})


def _answers(report: Report) -> Check:
    failed = sum(r.status is not Status.OK for r in report.results)
    line = f"test: {failed} of {len(report.results)} failed" + (f"; first: {report.message}" if failed else "")
    return Check("test: answers", "answers", not failed, line)


def bounds(loaded: LoadedProblem, reports: Mapping[Split, Report]) -> Check:
    """Fail if anything is better than what is proven to be best: then the verifier, or the proof, is at fault."""
    proven, beaten = 0, list[str]()
    for split, report in reports.items():
        answered = [r for r in report.results if r.objective is not None]
        proven += sum(loaded.references.reference(split, r.id).status != "best_known" for r in answered)
        beaten += loaded.references.beaten(split, answered)
    line = f"bounds: no objective is better than any of {proven} proven references"
    if beaten:
        line = f"bounds: {len(beaten)} of {proven} objectives beat a proof, so the verifier or a proof is at fault; {beaten[0]}"
    return Check("bounds", "bounds", not beaten, line, {"proven": proven, "beaten": beaten})


def _stress(loaded: LoadedProblem, report: Report) -> list[Check]:
    """One check a family: every instance answered, and no worse than the best baseline of that family beyond its tolerance."""
    checks = []
    means = {b.name: loaded.references.families(b.name, Split.STRESS) for b in loaded.problem.baselines} if report.results else {}
    for family, gap in report.families.items():
        best = min(means, key=lambda name: means[name][family])
        theirs, tolerance = means[best][family], loaded.problem.stress_tolerance.get(family, TOLERANCE)
        failed = [r for r in report.results if r.family == family and r.status is not Status.OK]
        line = f"stress {family}: gap {percent(gap)}, {best} {percent(theirs)}, tolerance {points(tolerance)}"
        if failed:
            line = f"stress {family}: {failed[0].id} ended with {failed[0].status}: {failed[0].message}"
        data = {"gap": gap, "baseline": best, "theirs": theirs, "tolerance": tolerance, "failed": len(failed)}
        checks.append(Check(f"stress: {family}", "stress", not failed and gap <= theirs + tolerance, line, data))
    return checks


def _drop(loaded: LoadedProblem, reports: Mapping[Split, Report], comparisons: Mapping[Split, tuple[Comparison, ...]]) -> Check:
    """The lead over the best baseline of train, split by split: over what counts, and over the families that all splits share."""
    best = loaded.references.ranking[0][0]
    shared = frozenset.intersection(*(scored(reports[split].families) for split in _COMPARED))
    leads: dict[str, Any] = {}
    for split in _COMPARED:
        theirs = loaded.references.gaps(best, split)
        of_best = family_gaps(
            [InstanceResult(r.id, r.family, Status.OK, theirs[r.id]) for r in reports[split].results if r.id in theirs]
        )
        lead = mean_gap(of_best) - reports[split].gap
        alike = math.nan
        if shared:
            alike = mean_gap({f: of_best[f] for f in shared}) - mean_gap({f: reports[split].families[f] for f in shared})
        leads[split.value] = {"gap": reports[split].gap, "lead": lead, "lead_on_shared_families": alike if shared else None}
    seen = [s.value for s in _COMPARED[:2] if comparisons[s] and all(c.better for c in comparisons[s])]
    passed = not seen or all(c.better for c in comparisons[Split.TEST])
    words = ", ".join(f"{split} {points(leads[split]['lead'])}" for split in leads)
    line = f"drop: lead over {best} (the best baseline on train) by split: {words}"
    if shared and shared != scored(reports[Split.TEST].families):
        alike_words = ", ".join(f"{split} {points(leads[split]['lead_on_shared_families'])}" for split in leads)
        line += f"; on the instance classes common to all three: {alike_words}"
    if not passed:
        line += f"; significantly better than every baseline on {' and '.join(seen)}, not on test"
    return Check("drop", "drop", passed, line, {"baseline": best, "splits": leads})
