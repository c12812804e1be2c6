"""Evidence beyond the test set: instances that nobody has seen, instances from elsewhere, and the test set in another form."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from workbench.analysis.compare import Comparison, Contender, compare
from workbench.certificate import Check
from workbench.certification.recognition import Group
from workbench.certification.verdict import Progress
from workbench.evaluation.bench import Bench
from workbench.evaluation.jobs import Job
from workbench.formatting import points
from workbench.model import Instance, Program, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import FRESH, METAMORPHIC, TRANSFER, Draw, extra, origin
from workbench.problem.references import GapScale, by_the_best
from workbench.program.source import identity, text_hash
from workbench.protocols import Relation

_KEPT = 0.5
"""Share of its lead that a program has to keep on instances in another form, unless the loss is within chance."""
_EQUAL = 1e-7
"""Relative difference up to which two objectives are the same."""


class Evidence(NamedTuple):
    """Checks that a certificate needs, those that stand beside the verdict, and objectives on fresh instances, if there are any."""

    decisive: list[Check]
    beside: list[Check]
    fresh: Group | None = None


class _Drawn(NamedTuple):
    """What came of drawn instances: how the program compares with each baseline, and all objectives."""

    comparisons: list[Comparison]
    group: Group


def beyond_test(
    bench: Bench, program: Program, tested: Report, comparisons: Sequence[Comparison], confidence: float, on_progress: Progress
) -> Evidence:
    """Evaluate a program on instances outside the four splits.

    Parameters
    ----------
    tested, comparisons
        Results of the program on test, and how it compares with each baseline there.
    confidence
        Level of each comparison, as on test.
    """
    folder, seed = bench.loaded.folder, seed_of(bench.loaded, program)
    decisive, beside, group = list[Check](), list[Check](), None
    words = f"{{}}: does not apply, because the problem has no {{}}{' in a folder' if bench.loaded.in_memory else ''}"
    if tested.status is not Status.OK:
        missing = "{}: not judged, because the program fails on test"
        return Evidence([Check(kind, kind, None, missing.format(kind)) for kind in ("fresh", "metamorphic")], [])
    if extra(folder, FRESH):
        check, group = on_fresh(bench, program, seed, confidence, on_progress)
        decisive.append(check)
    else:
        beside.append(Check("fresh", "fresh", None, words.format("fresh", FRESH)))
    if module := extra(folder, METAMORPHIC):
        for check in in_other_forms(bench, program, module.RELATIONS, seed, tested, comparisons, confidence, on_progress):
            (beside if check.kind == "dependence" else decisive).append(check)
    else:
        beside.append(Check("metamorphic", "metamorphic", None, words.format("metamorphic", METAMORPHIC)))
    if module := extra(folder, TRANSFER):
        beside.append(_transfer(bench, program, module.SOURCE, confidence, on_progress))
    return Evidence(decisive, beside, group)


def seed_of(loaded: LoadedProblem, program: Program) -> int:
    """Return the random seed of everything drawn for a program: it changes with every byte of program and problem."""
    return int(text_hash(f"{identity(program)} {loaded.version}")[:12], 16)


# --------------------------------------------------------------------------- instances that nobody has seen, and from elsewhere


def on_fresh(
    bench: Bench, program: Program, seed: int, confidence: float, on_progress: Progress, known: Group | None = None
) -> tuple[Check, Group | None]:
    """Compare a program with every baseline on instances drawn from a seed.

    Parameters
    ----------
    known
        Objectives of the baselines on these instances, if they are known.

    Returns
    -------
    tuple[Check, Group | None]
        With all objectives; None if the program failed.
    """
    draw = Draw(FRESH, seed)
    instances = bench.loaded.drawn(draw)
    found = _against_baselines(bench, program, draw, confidence, on_progress, "fresh instances", known)
    data: dict[str, Any] = {"seed": draw.seed, "instances": len(instances)}
    where = f"on {len(instances)} instances drawn for this program"
    if isinstance(found, str):
        return Check("fresh", "fresh", False, f"fresh: {where} {found}", data), None
    passed, words = _standing(found.comparisons)
    data["comparisons"] = [c.to_json() for c in found.comparisons]
    return Check("fresh", "fresh", passed, f"fresh: {where} {words}", data), found.group


def _transfer(bench: Bench, program: Program, source: str, confidence: float, on_progress: Progress) -> Check:
    draw = Draw(TRANSFER)
    instances = bench.loaded.drawn(draw)
    found = _against_baselines(bench, program, draw, confidence, on_progress, "transfer")
    data: dict[str, Any] = {"source": source, "instances": len(instances)}
    where = f"transfer: on {len(instances)} instances from elsewhere ({source})"
    if isinstance(found, str):
        return Check("transfer", "transfer", False, f"{where} {found}", data)
    passed, words = _standing(found.comparisons)
    data["comparisons"] = [c.to_json() for c in found.comparisons]
    return Check("transfer", "transfer", passed, f"{where} {words}", data)


def _standing(comparisons: Sequence[Comparison]) -> tuple[bool | None, str]:
    """Whether a program is better than every baseline (None: ahead, but within chance), and the line that says so."""
    closest = max(comparisons, key=lambda c: c.difference.mean)
    if closest.difference.mean >= 0:
        return False, f"it is not ahead: {closest}"
    if unsure := [c for c in comparisons if not c.better]:
        return None, f"it is ahead, but within chance: {max(unsure, key=lambda c: c.difference.mean)}"
    return True, f"it is better than every baseline, closest: {closest}"


def _against_baselines(
    bench: Bench, program: Program, draw: Draw, confidence: float, on_progress: Progress, stage: str, known: Group | None = None
) -> _Drawn | str:
    """Compare a program with every baseline on drawn instances, or say how it failed there.

    There is no optimum to measure by: the best of the baselines on each instance is the reference, and the scale of a class
    is the mean of its references.
    """
    loaded = bench.loaded
    instances = loaded.drawn(draw)
    job = Job(program, Split.TEST, fresh=True, stop_on_failure=True, draw=draw)
    own = bench.reports([job], _stage(on_progress, stage))[0]
    if own.status is not Status.OK:
        return f"it failed: {own.message}"
    names = [b.name for b in loaded.problem.baselines]
    if known is None:
        jobs = [Job(loaded.program(name), Split.TEST, fresh=True, draw=draw) for name in names]
        reports = bench.reports(jobs, _stage(on_progress, f"{stage}, baselines"))
        reached: Mapping[str, Mapping[str, float]] = {n: _objectives(report) for n, report in zip(names, reports, strict=True)}
    else:
        reached = known.rivals
    solved = [i for i in instances if any(i.id in known for known in reached.values())]
    if not solved:
        return "no baseline could be evaluated"
    scale = by_the_best(loaded.problem.sense, solved, reached)
    mine = _contender("program", solved, scale, _objectives(own))
    comparisons = [
        compare(mine, _contender(name, solved, scale, reached[name]), confidence=confidence, worst_seen=-math.inf)
        for name in names
    ]  # fmt: skip
    return _Drawn(comparisons, Group("fresh", {i.id: i.family for i in instances}, _objectives(own), reached))


def _contender(name: str, instances: Sequence[Instance], scale: GapScale, reached: Mapping[str, float]) -> Contender:
    gaps = {i.id: scale.gap(i, reached[i.id]) if i.id in reached else scale.penalty[i.family] for i in instances}
    return Contender(name, None, gaps, {i.id: i.family for i in instances})


# --------------------------------------------------------------------------- the test set in another form


def in_other_forms(
    bench: Bench, program: Program, relations: Sequence[Relation], seed: int, tested: Report, comparisons: Sequence[Comparison],
    confidence: float, on_progress: Progress,
) -> list[Check]:  # fmt: skip
    """Compare the lead over the closest baseline on the instances of a report with that on the same instances in another form."""
    closest, split = max(comparisons, key=lambda c: c.difference.mean), tested.split
    if closest.difference.mean >= 0:
        line = f"metamorphic: not judged, because the program is not ahead on {split}"
        return [Check("metamorphic", "metamorphic", None, line)]
    loaded, rival, draw = bench.loaded, closest.against, Draw(METAMORPHIC, seed, split)
    if not loaded.drawn(draw):
        return [Check("metamorphic", "metamorphic", None, f"metamorphic: not judged, no {split} instance has another form")]
    forms = {r.name: [i for i in loaded.drawn(draw) if origin(i.id)[0] == r.name] for r in relations}
    elsewhere = tuple(i.id for r in relations if r.factor is None for i in forms[r.name])
    jobs = [Job(program, split, fresh=True, draw=draw)]
    jobs += [Job(loaded.program(rival), split, elsewhere, fresh=True, draw=draw)] if elsewhere else []
    own, *theirs = bench.reports(jobs, _stage(on_progress, "other forms"))
    before = _objectives(tested), loaded.references.baseline(rival, split)
    after = _objectives(own), {id: objective for report in theirs for id, objective in _objectives(report).items()}
    checks = []
    for relation in relations:
        ids = {i.id for i in forms[relation.name]}
        if failed := next((r for r in own.results if r.id in ids and r.status is not Status.OK), None):
            line = f"{_name(relation)}: {origin(failed.id)[1]} ended with {failed.status}: {failed.message}"
            checks.append(Check(_name(relation), _kind(relation), False, line))
        else:
            checks.append(_kept(loaded, split, relation, rival, forms[relation.name], before, after, confidence))
    return checks


def _kind(relation: Relation) -> str:
    return "metamorphic" if relation.decides else "dependence"


def _name(relation: Relation) -> str:
    return f"{_kind(relation)}: {relation.name}"


_Both = tuple[Mapping[str, float], Mapping[str, float]]
"""Objectives by instance of the program and of the baseline."""


def _kept(
    loaded: LoadedProblem, split: Split, relation: Relation, rival: str, forms: Sequence[Instance], before: _Both, after: _Both,
    confidence: float,
) -> Check:  # fmt: skip
    """Fail a program that surely loses most of its lead when instances take another form.

    One that knows the instances loses what it gained by that. One that does not know them cannot tell which form is the
    original: what it loses is as likely as what it gains, so that it fails at most as often as the level says. Where the
    objectives of both forms can be compared, the baseline need not be evaluated again.
    """
    name, kind, factor = _name(relation), _kind(relation), relation.factor
    of = {i.id: origin(i.id)[1] for i in forms}
    rivals = {id: after[1].get(id) if factor is None else before[1].get(of[id]) for id in of}
    usable = [i for i in forms if rivals[i.id] is not None and of[i.id] in before[1]]
    if not usable:
        return Check(name, kind, None, f"{name}: not judged, because {rival} fails on all of them")
    unit = loaded.references.scale(split).unit
    sign, times = (1 if loaded.problem.sense == "min" else -1), 1.0 if factor is None else factor
    families = {i.id: i.family for i in usable}
    first = {id: sign * (before[0][of[id]] - before[1][of[id]]) / unit[family] for id, family in families.items()}
    then = {id: sign * (after[0][id] / times - (rivals[id] or 0.0)) / unit[family] for id, family in families.items()}
    lost = compare(
        Contender("as they are", None, first, families), Contender("in another form", None, then, families), confidence=confidence
    )  # fmt: skip
    passed = not lost.better or lost.other < _KEPT * lost.gap
    line = f"{name}: lead over {rival} {points(-lost.other)}, before {points(-lost.gap)}"
    data: dict[str, Any] = {
        "baseline": rival,
        "instances": len(usable),
        "before": lost.gap,
        "after": lost.other,
        "lost": lost.to_json(),
    }
    if factor is not None:
        data["equal"] = sum(_same(after[0][id], times * before[0][of[id]]) for id in families)
        line += f"; the same objective on {data['equal']} of {len(usable)} {split} instances"
    if not passed:
        line += f"; most of the lead is gone where {split} instances have another form"
        line += ", so it depends on knowing them" if relation.decides else ""
    return Check(name, kind, passed, line, data)


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= _EQUAL * max(1.0, abs(a))


def _objectives(report: Report) -> dict[str, float]:
    return {r.id: r.objective for r in report.results if r.objective is not None}


def _stage(on_progress: Progress, stage: str) -> Callable[[int, int], None]:
    return lambda done, total: on_progress(stage, done, total)
