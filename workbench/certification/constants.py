"""Sensitivity analysis: whether the lead over the best baseline is due to single numbers of the program."""

from __future__ import annotations

from typing import Any

from workbench.certificate import Check
from workbench.certification.moves import STEP, Analysis, Loss
from workbench.certification.trials import BudgetSpent, Trials, lead
from workbench.certification.verdict import Progress
from workbench.evaluation.bench import Bench
from workbench.formatting import percent
from workbench.model import Program, Report, Split, Status
from workbench.problem.gap import mean_gap
from workbench.program.literals import Literals, given_by

_EQUAL = 1e-12


def constants(bench: Bench, program: Program, report: Report, on_progress: Progress, budget: int | None = None) -> Check:
    """Move the numbers of a program by 10 % and score it on validation.

    All numbers are moved together, in combinations in which every two of them move in the same and in opposite directions.
    A combination that costs the lead over the best baseline, or makes the program fail, is halved until a single number
    is to blame. The effort grows with the logarithm of their count, and numbers without effect hide nothing.

    Fails where one number (or its copies, or one table) that is moved by 10 % makes the program surely worse and costs
    it its whole lead: then the lead is due to that number, not to the rule.

    Parameters
    ----------
    report
        Of the unchanged program on validation.
    budget
        Instances that may be evaluated; by default, as many as ordinary programs with so many numbers never need.
    """
    name, loaded = "constants", bench.loaded
    given = given_by((loaded.program(seed).source for seed in loaded.problem.seeds), (loaded.statement,))
    found = Literals(program.source, given)
    if not found.numbers:
        return Check(name, name, True, "constants: the program has no numbers that could have been others", {"constants": 0})
    means = {b.name: mean_gap(loaded.references.families(b.name, Split.VALIDATION)) for b in loaded.problem.baselines}
    best = min(means, key=lambda baseline: means[baseline])
    rival = loaded.references.gaps(best, Split.VALIDATION)
    data: dict[str, Any] = {
        "gap": report.gap, "baseline": best, "baseline_gap": means[best], "constants": len(found.numbers), "moves": [],
        "instances": 0, "complete": False,
    }  # fmt: skip
    if report.status is not Status.OK or lead(report, rival) <= _EQUAL:
        line = f"constants: not judged, because there is no lead over {best} on validation that moving a number could cost"
        return Check(name, name, None, line, data)
    trials = Trials(bench, Analysis.enough(len(found.numbers), len(report.results)) if budget is None else budget)
    analysis = Analysis(loaded, program, found, report, rival, trials)
    ahead = f"the lead over {best} ({percent(means[best])})"
    count = f"{len(found.numbers)} number{'s' * (len(found.numbers) > 1)}"
    passed: bool | None = False
    try:
        combinations = analysis.run(on_progress)
        passed, words = True, f"{count} moved by {STEP:.0%} in {combinations} combinations: {ahead} stays{analysis.worst()}"
    except Loss as loss:
        words = f"{ahead} depends on {_named(loss)}: gap {percent(report.gap)} -> {_after(loss.report)}"
    except BudgetSpent:
        passed, words = None, f"not judged, {count} took more than {trials.budget} evaluations of instances"
    data |= {"moves": analysis.made, "instances": trials.spent, "complete": passed is not None}
    return Check(name, name, passed, f"{name}: {words}", data)


def _named(loss: Loss) -> str:
    """The numbers of a move in words."""
    numbers = loss.move.numbers
    first = numbers[0]
    where = f"in `{first.code}` (line {first.line})"
    if first.value is None:
        return f"the letters of the text '{first.written}' {where}"
    if len(numbers) == 1:
        return f"one number: {first.written} -> {loss.values[first]:g} {where}"
    kind = f"copies of {first.written}" if len({n.value for n in numbers}) == 1 else "numbers that are moved together"
    return f"{len(numbers)} {kind}, the first of them {where}"


def _after(report: Report) -> str:
    return percent(report.gap) if report.status is Status.OK else report.status.value
