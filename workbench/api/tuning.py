"""Tune the constants that a program declares."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from pathlib import Path

from workbench.api.loading import AnyProblem, load
from workbench.errors import UsageError
from workbench.evaluation.evaluate import evaluate as score
from workbench.evaluation.opening import open_for
from workbench.loop.tune import Tuned, declared
from workbench.loop.tune import tune as search_constants
from workbench.model import Program, Split, Status
from workbench.problem.given import program_of


def tune(
    problem: AnyProblem,
    program: Program | Path | str,
    *,
    trials: int = 100,
    seed: int = 0,
    allow_unsafe: bool = False,
    isolation: str | None = None,
    on_trial: Callable[[int, float], None] | None = None,
) -> Tuned:
    """Tune the constants in a program's `TUNABLE` table on train.

    Parameters
    ----------
    program
        A source text of several lines, a file, or the name of one of the problem's programs.
    trials
        Number of sets of constants to evaluate, the program's own included.
    on_trial
        Called after each evaluation with its number and its train gap (infinite for a failure).

    Returns
    -------
    Tuned
        The program with the best constants, train gaps before and after, and which constants had no effect.

    Raises
    ------
    UsageError
        No such problem or program, the program fails on train, or it declares no constants.
    """
    loaded = load(problem)
    given = program_of(loaded, program)
    if not declared(given):
        raise UsageError(
            'the program declares no constants: write TUNABLE = {"ALPHA": (0.0, 2.0)} with the bounds of each constant that is '
            "assigned a number at the top level (ALPHA = 1.0)"
        )
    made = 0
    with contextlib.closing(open_for(loaded, allow_unsafe=allow_unsafe, isolation=isolation)) as sandbox:

        def gap(candidate: Program) -> float:
            nonlocal made
            report = score(loaded, candidate, Split.TRAIN, sandbox, stop_on_failure=True)
            if not made and report.status is not Status.OK:
                raise UsageError(f"the program fails on train ({report.status}): {report.message}")
            found = report.gap if report.status is Status.OK else math.inf
            made += 1
            if on_trial:
                on_trial(made, found)
            return found

        return search_constants(given, gap, trials=trials, seed=seed)
