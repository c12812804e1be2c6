"""A program against every baseline, split by split."""

from __future__ import annotations

import math
from collections.abc import Mapping

from workbench.analysis.compare import CONFIDENCE, Comparison, compare, of_baseline, of_report, worst_difference
from workbench.certificate import Check
from workbench.model import Report, Split
from workbench.problem.catalog import LoadedProblem


def level_of(accesses: int) -> float:
    """Confidence of each comparison at the k-th access to the test set.

    The errors 0.05 * 6 / (pi k)^2 add up to 0.05 however many programs are tried. Baselines need no correction: a program
    must be better than all of them at once (an intersection-union test, Berger 1982), which several chances make harder.
    """
    return 1 - (1 - CONFIDENCE) * 6 / (math.pi * accesses) ** 2


def against_baselines(
    loaded: LoadedProblem, split: Split, reports: Mapping[Split, Report], confidence: float = CONFIDENCE
) -> tuple[Comparison, ...]:
    """A scored program against every baseline on a split; the worst loss on train or validation counts as if it came up here."""
    report = reports[split]
    if not report.results:
        return ()
    made = []
    for baseline in loaded.problem.baselines:
        others = [s for s in (Split.TRAIN, Split.VALIDATION) if s is not split and s in reports and reports[s].results]
        worst = [worst_difference(of_report("", 0, reports[s]), of_baseline(loaded, baseline.name, s)) for s in others]
        rival = of_baseline(loaded, baseline.name, split)
        made.append(
            compare(of_report("program", 0, report), rival, confidence=confidence, worst_seen=max(worst, default=-math.inf))
        )
    return tuple(made)


def consistency(comparisons: Mapping[Split, tuple[Comparison, ...]]) -> Check:
    """Fail a program that is not ahead on train and validation too: its lead on test is luck, or it knows the test instances."""
    behind = [(s, c) for s in (Split.TRAIN, Split.VALIDATION) for c in comparisons.get(s, ()) if c.difference.mean >= 0]
    line = "consistency: ahead of every baseline on train and validation too"
    if behind:
        split, worst = max(behind, key=lambda pair: pair[1].difference.mean)
        line = f"consistency: on {split} it is not ahead: {worst}"
    return Check("consistency", "consistency", not behind, line)
