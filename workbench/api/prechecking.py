"""Checks a program before it is certified, on train and validation alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.api.judging import count_look
from workbench.api.loading import AnyProblem, load
from workbench.certificate import Check
from workbench.evaluation.pool import Pool
from workbench.model import Program
from workbench.problem.foreign import refuse
from workbench.problem.given import program_of
from workbench.sandbox import open_sandbox
from workbench.system.process import cores

if TYPE_CHECKING:
    from workbench.certification.precheck import Precheck


def precheck(
    problem: AnyProblem,
    program: Program | Path | str,
    *,
    allow_unsafe: bool = False,
    isolation: str | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
    on_check: Callable[[Check], None] | None = None,
    simplify: bool = False,
) -> Precheck:
    """Check a program as a certificate does, as far as train and validation can tell.

    The test set and the robustness tests are not accessed, and no instances like theirs are drawn; `gate` does that. It counts
    as one use of validation.

    Parameters
    ----------
    program
        A source text of several lines, a file, or the name of one of the problem's programs.
    on_progress
        Called with stage, steps done and total steps.
    on_check
        Called with the result of each check at once.
    simplify
        Whether to look for what could be left out, which takes longest and decides nothing.

    Returns
    -------
    Precheck
        Comparisons with each baseline on validation, and checks: answers, bounds, consistency, determinism, reach, instances in
        another form, recognition, growth, constants. What passes may still fail in a certificate.

    Raises
    ------
    UsageError
        No such problem or program.
    ProblemError
        The problem has no baselines.
    """
    from workbench.certification.precheck import precheck as check  # imports numpy, which other commands do not need
    from workbench.certification.verdict import silent

    loaded = load(problem)
    refuse(loaded.slug, loaded.folder, "be checked as for a certificate")
    given = program_of(loaded, program)
    with contextlib.ExitStack() as stack:
        opened = open_sandbox(loaded.problem.modules, allow_unsafe=allow_unsafe, isolation=isolation)
        sandbox = stack.enter_context(contextlib.closing(opened))
        pool = None
        if not loaded.in_memory:
            pool = stack.enter_context(Pool(loaded, cores(), allow_unsafe=allow_unsafe, isolation=isolation))
        count_look(loaded, given, program)
        heard = on_check or (lambda check: None)
        return check(loaded, given, sandbox, on_progress=on_progress or silent, on_check=heard, pool=pool, simplify=simplify)
