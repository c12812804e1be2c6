"""Where a program's answer on one train instance differs from a better solution, in words of the problem."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence

from workbench.errors import ProblemError, UsageError
from workbench.evaluation.jobs import Job, VerifierError
from workbench.loop.context import RunContext
from workbench.model import Candidate, Instance, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import EVIDENCE, LENGTH, LINES, extra, where
from workbench.values import scored


def require(loaded: LoadedProblem) -> None:
    """Check that a problem can compare answers with better solutions.

    Raises
    ------
    UsageError
        It cannot.
    """
    if extra(loaded.folder, EVIDENCE) is None:
        raise UsageError(
            f"{loaded.slug} has no {EVIDENCE}, which compares answers with better solutions (CONTRIBUTING.md, 'Add a problem'): "
            "omit --evidence"
        )


class Evidence:
    """Compares candidates with better solutions, each on another train instance until all that suit were used."""

    def __init__(self, context: RunContext) -> None:
        self._loaded, self._pool = context.loaded, context.pool
        module = extra(context.loaded.folder, EVIDENCE)
        assert module is not None
        self._differences: Callable[[Instance, object], Sequence[str]] = module.differences
        suits: Callable[[Instance], bool] = module.suits
        train = context.loaded.instances(Split.TRAIN)
        counted = scored(i.family for i in train)
        self._instances = [i for i in train if i.family in counted and suits(i)]
        random.Random(f"{context.options.seed}/evidence").shuffle(self._instances)
        if not self._instances:
            raise ProblemError(f"{context.loaded.slug}: {EVIDENCE} suits no train instance")

    def words(self, candidate: Candidate) -> str:
        """Return how a candidate's answer differs from a better solution; empty if none is better. Takes about a second.

        Raises
        ------
        VerifierError
            The problem is at fault.
        """
        instance = self._instances[candidate.number % len(self._instances)]
        assert candidate.program
        result = self._pool.submit(Job(candidate.program, Split.TRAIN, (instance.id,), record=True)).result().results[0]
        if result.status is not Status.OK or result.decisions is None or len(result.decisions.kept) != 1:
            return ""
        try:
            found = list(self._differences(instance, json.loads(result.decisions.kept[0])))
        except Exception as error:
            raise VerifierError(f"{EVIDENCE}: {where(error, self._loaded.folder)}") from error
        lines = [" ".join(str(line).split())[:LENGTH] for line in found[:LINES]]
        return f"differs from a better solution of a train instance of class {instance.family}: {'; '.join(lines)}" if lines else ""
