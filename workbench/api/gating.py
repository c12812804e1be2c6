"""Try a program on freshly generated instances of a problem's robustness classes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.api.loading import AnyProblem, load
from workbench.evaluation.inline import InlinePool
from workbench.loop.stress_gate import Gate, Margin
from workbench.model import Program
from workbench.problem.foreign import refuse
from workbench.problem.given import program_of


@dataclass(frozen=True, slots=True)
class Robustness:
    """A program on freshly generated instances of the robustness classes; those of certificates stay unseen.

    Attributes
    ----------
    seed
        Random seed of the instances.
    isolation
        Isolation level of the program.
    margins
        By class: gap, best baseline, tolerance.
    """

    problem: str
    version: str
    seed: int
    isolation: str
    margins: tuple[Margin, ...]

    @property
    def passed(self) -> bool:
        """Whether the program passes in every class."""
        return all(margin.passed for margin in self.margins)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "problem": self.problem, "version": self.version, "seed": self.seed, "isolation": self.isolation, "passed": self.passed,
            "classes": [
                {
                    "class": m.family, "words": m.words, "passed": m.passed, "status": m.status.value, "gap": m.gap,
                    "baseline": m.baseline, "theirs": m.theirs, "behind": m.behind, "tolerance": m.tolerance, "message": m.message,
                }
                for m in self.margins
            ],
        }  # fmt: skip


def gate(
    problem: AnyProblem,
    program: Program | Path | str,
    *,
    seed: int = 0,
    allow_unsafe: bool = False,
    isolation: str | None = None,
) -> Robustness:
    """Evaluate a program on freshly generated instances of the problem's robustness classes.

    Optima are unknown, so the best baseline on each instance is the reference. A certificate uses other instances of the same
    classes, with the same tolerances.

    Parameters
    ----------
    program
        A source text of several lines, a file, or the name of one of the problem's programs.
    seed
        Random seed of the instances; another seed gives others.

    Raises
    ------
    UsageError
        No such problem or program.
    ProblemError
        The problem has no `gate.py`, which generates the instances, or no baselines.
    """
    loaded = load(problem)
    refuse(loaded.slug, loaded.folder, "draw instances of robustness classes")
    given = program_of(loaded, program)
    loaded.gate(seed)  # what is missing is told before a sandbox starts
    with contextlib.closing(InlinePool(loaded, allow_unsafe=allow_unsafe, isolation=isolation)) as pool:
        fresh = Gate(loaded, pool, seed)
        report = pool.submit(fresh.job(given, stop_on_failure=False)).result()
        return Robustness(loaded.slug, loaded.version, seed, pool.isolation, fresh.margins(report))
