"""How much of a lead is new: a program compared with those that its search started from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from workbench.analysis.compare import Comparison, compare, of_report, worst_difference
from workbench.certificate import Check
from workbench.certification.verdict import Progress
from workbench.evaluation.bench import Bench
from workbench.evaluation.jobs import Job
from workbench.model import Program, Report, Split

_SPLITS = (Split.TRAIN, Split.VALIDATION, Split.TEST)


class Start(NamedTuple):
    """A program that a search started from."""

    name: str
    program: Program


def against_starts(
    bench: Bench,
    program: Program,
    reports: Mapping[Split, Report],
    starts: Sequence[Start],
    confidence: float,
    on_progress: Progress,
) -> tuple[Comparison, ...]:
    """Compare a scored program with each of its starts on test, as with a baseline.

    Figures of starts on test are measured for a certificate and kept nowhere else, so that nobody selects by them.
    """
    if not reports[Split.TEST].results:
        return ()
    splits = [split for split in _SPLITS if reports[split].results]
    own = {split: of_report("program", 0, reports[split]) for split in splits}
    others = [start.program for start in starts if start.program.source != program.source]
    jobs = [Job(other, split) for other in others for split in splits]
    measured = iter(bench.reports(jobs, lambda done, total: on_progress("initial programs", done, total)) if jobs else ())
    made = []
    for start in starts:
        same = start.program.source == program.source
        theirs = {s: of_report(start.name, 0, reports[s] if same else next(measured)) for s in splits}
        worst = max((worst_difference(own[s], theirs[s]) for s in splits if s is not Split.TEST), default=-math.inf)
        made.append(compare(own[Split.TEST], theirs[Split.TEST], confidence=confidence, worst_seen=worst))
    return tuple(made)


def finding(comparisons: Sequence[Comparison], program: Program, starts: Sequence[Start]) -> list[Check]:
    """Say whether a program is better than all of its starts, if it was compared with any; this decides nothing."""
    if not comparisons:
        return []
    if same := next((start.name for start in starts if start.program.source == program.source), None):
        return [Check("start", "start", False, f"start: no improvement over its start: it is the initial program {same}")]
    unbeaten = [c for c in comparisons if not c.better]
    words = "no significant improvement over its start" if unbeaten else "better than its start"
    closest = max(unbeaten or comparisons, key=lambda c: c.difference.mean)
    return [Check("start", "start", not unbeaten, f"start: {words}: {closest}")]
