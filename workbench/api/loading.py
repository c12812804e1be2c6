"""Loading of problems, and the runs folder."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from workbench.errors import UsageError
from workbench.model import Problem
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.problem.in_memory import InMemoryProblem
from workbench.sandbox import open_sandbox
from workbench.store import Run

RUNS = "runs"
"""Default runs folder if the environment variable EVOLVE_RUNS is not set."""

AnyProblem = str | Path | Problem | LoadedProblem

_in_memory: dict[int, tuple[Problem, LoadedProblem]] = {}  # by object identity, so that references are computed once


def load(problem: AnyProblem) -> LoadedProblem:
    """Load a problem.

    Parameters
    ----------
    problem
        An ID (`"scheduling/total_tardiness"`), an unambiguous suffix of one, a folder with a `problem.py`, or a `Problem`
        defined in Python. For the last, references are computed now: every instance of every split is solved.

    Raises
    ------
    UsageError
        Unknown name; the message suggests similar ones.
    ProblemError
        The problem exists but cannot be loaded.
    """
    if isinstance(problem, LoadedProblem):
        return problem
    if not isinstance(problem, Problem):
        loaded = catalog.load(problem)
        catalog.vouch(loaded)
        return loaded
    if id(problem) not in _in_memory:
        with contextlib.closing(open_sandbox(problem.modules)) as sandbox:
            _in_memory[id(problem)] = problem, InMemoryProblem(problem, sandbox)
    return _in_memory[id(problem)][1]


def problem_of(run: Run, problem: AnyProblem | None = None) -> LoadedProblem:
    """Load the problem of a recorded run: the given one, otherwise the recorded one, if it can be trusted.

    Raises
    ------
    UsageError
        The given problem is not that of the run; or none is given, and the recorded one is neither installed nor has it been
        used on this machine before.
    """
    if problem is None:
        return catalog.load_recorded(run.folder, run.problem)
    loaded = load(problem)
    if loaded.slug != run.problem:
        raise UsageError(f"run {run.id} is of the problem {run.problem}, not {loaded.slug}")
    return loaded


def runs_folder(given: Path | str | None = None) -> Path:
    """Return the runs folder: the given one, `$EVOLVE_RUNS`, or `runs`."""
    return Path(given or os.environ.get("EVOLVE_RUNS") or RUNS)
