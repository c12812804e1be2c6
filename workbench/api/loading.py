"""Load problems, and find the runs folder."""

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
"""The runs folder where none is named, unless the environment variable EVOLVE_RUNS names one."""

AnyProblem = str | Path | Problem | LoadedProblem

_in_memory: dict[int, tuple[Problem, LoadedProblem]] = {}  # by identity: references are made once


def load(problem: AnyProblem) -> LoadedProblem:
    """Load a problem.

    Parameters
    ----------
    problem
        An ID (`"scheduling/total_tardiness"`), an unambiguous suffix of one, a folder with a `problem.py`, or a `Problem`
        made in Python, whose references are then made here: every instance of every split is solved.

    Raises
    ------
    UsageError
        Unknown name; the nearest ones are suggested.
    ProblemError
        The problem is there but broken.
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
    """Load the problem of a recorded run: the one that is named here, else what the record says as far as it can be trusted.

    Raises
    ------
    UsageError
        The problem named is another one; or none is, and the run's is neither installed nor was it used here before.
    """
    if problem is None:
        return catalog.load_recorded(run.folder, run.problem)
    loaded = load(problem)
    if loaded.slug != run.problem:
        raise UsageError(f"run {run.id} is of the problem {run.problem}, not {loaded.slug}")
    return loaded


def runs_folder(given: Path | str | None = None) -> Path:
    """The runs folder: the one given, `$EVOLVE_RUNS`, or `runs`."""
    return Path(given or os.environ.get("EVOLVE_RUNS") or RUNS)
