"""The robustness filter of a run: fresh instances of the robustness classes. Those of the stress split are not used."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.errors import ProblemError
from workbench.evaluation.jobs import Executor, Job
from workbench.model import InstanceResult, Program, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import GATE, Draw
from workbench.problem.gap import family_gaps
from workbench.problem.references import by_the_best

TOLERANCE = 0.05
"""How much worse than the best baseline, in gap, a program may be on an instance class without a tolerance of its own."""

_ROUNDING = 1e-9
_ENDED = {
    Status.INFEASIBLE: "it breaks a rule",
    Status.CRASH: "it crashes",
    Status.TIMEOUT: "it takes too long",
    Status.MEMORY: "it needs too much memory",
    Status.PROTOCOL: "its answer cannot be read",
}


@dataclass(frozen=True, slots=True)
class Margin:
    """A program in one robustness class of freshly generated instances.

    Attributes
    ----------
    words
        The class, in words.
    status, message
        Of the first instance that failed; `ok` and empty if none did.
    gap, theirs
        Mean gap of the program, and of the best baseline of the class, to the best baseline on each instance.
    tolerance
        How much worse than that baseline it may be, in gap.
    """

    family: str
    words: str
    status: Status
    gap: float
    baseline: str
    theirs: float
    tolerance: float
    message: str = ""

    @property
    def behind(self) -> float:
        """Difference in gap to the best baseline of the class; below 0, the program is better."""
        return self.gap - self.theirs

    @property
    def passed(self) -> bool:
        """Whether every instance was answered, no worse than the tolerance allows."""
        return self.status is Status.OK and self.behind <= self.tolerance + _ROUNDING


class Gate:
    """Robustness filter: compares programs with the baselines on robustness instances generated for this run.

    Optima are unknown, so the best baseline on each instance is its reference. In each class a program may be worse than the
    best baseline by the tolerance of a certificate, or as bad as the best initial program of the run, so that a run can
    start from weak programs. Findings name the class and the rule, but no number of an instance.

    Parameters
    ----------
    pool
        Evaluates the baselines and initial programs.
    seed
        Random seed of the instances: that of the run, so that the run can be repeated.
    starts
        Initial programs of the run.

    Raises
    ------
    ProblemError
        The problem has no `gate.py`, or no baselines.
    """

    def __init__(self, loaded: LoadedProblem, pool: Executor, seed: int, starts: Sequence[Program] = ()) -> None:
        self.seed = seed
        self._families, instances = loaded.gate(seed)
        self._instances = {i.id: i for i in instances}
        names = [b.name for b in loaded.problem.baselines]
        if not names:
            raise ProblemError(f"{loaded.slug} has no baselines, which the robustness filter needs")
        programs = [*(loaded.program(name) for name in names), *starts]
        futures = [pool.submit(self.job(program, stop_on_failure=False)) for program in programs]
        reached = [{r.id: r.objective for r in f.result().results if r.objective is not None} for f in futures]
        baselines = dict(zip(names, reached, strict=False))
        if unsolved := [i.family for i in instances if not any(i.id in known for known in baselines.values())]:
            raise ProblemError(f"{loaded.slug}: no baseline solves the robustness filter's instance of class {unsolved[0]}")
        self._scale = by_the_best(loaded.problem.sense, instances, baselines)
        by_baseline = {name: self._gaps(known) for name, known in baselines.items()}
        starting = [self._gaps(known) for known in reached[len(names) :]]
        self._best: dict[str, tuple[float, str]] = {}
        self._limit: dict[str, float] = {}
        self._forgiven: list[str] = []
        for family in dict.fromkeys(i.family for i in instances):
            self._best[family] = min((gaps[family], name) for name, gaps in by_baseline.items())
            most = self._best[family][0] + loaded.problem.stress_tolerance.get(family, TOLERANCE)
            self._limit[family] = max(most, min((gaps[family] for gaps in starting), default=most))
            if self._limit[family] > most + _ROUNDING:
                self._forgiven.append(family)

    @property
    def families(self) -> tuple[str, ...]:
        """Names of the robustness classes in the sample."""
        return tuple(self._limit)

    @property
    def weakness(self) -> str:
        """One line on the classes that no initial program passes; empty if there are none."""
        if not self._forgiven:
            return ""
        names = ", ".join(family.replace("_", " ") for family in self._forgiven)
        return f"no initial program passes the robustness tests {names}; the filter is relaxed there, but a certificate is not"

    def job(self, program: Program, *, stop_on_failure: bool = True) -> Job:
        """Return the evaluation job of a program; its report goes to `judge`."""
        return Job(program, Split.STRESS, stop_on_failure=stop_on_failure, draw=Draw(GATE, self.seed))

    def judge(self, report: Report) -> str:
        """Return why a program does not pass, in words; an empty string if it passes."""
        failed = next((r for r in report.results if r.status is not Status.OK), None)
        if failed is not None:
            ended = _ENDED.get(failed.status, failed.status.value)
            how = f": {_rule(failed.message)}" if failed.status is Status.INFEASIBLE else _place(failed.message)
            return f"under stress, {self._named(failed.family)}: {ended}{how}"
        gaps = self._gaps({r.id: r.objective for r in report.results if r.objective is not None})
        over = {family: gaps[family] - limit for family, limit in self._limit.items() if gaps[family] > limit + _ROUNDING}
        if not over:
            return ""
        worst = max(over, key=lambda family: over[family])
        best, name = self._best[worst]
        line = (
            f"under stress, {self._named(worst)}: it is {gaps[worst] - best:.0%} behind {name}, "
            f"where {self._limit[worst] - best:.0%} is the most"
        )
        more = [family.replace("_", " ") for family in over if family != worst]
        return f"{line}; too far behind as well: {', '.join(more)}" if more else line

    def margins(self, report: Report) -> tuple[Margin, ...]:
        """Return how a program does in each class, for a report without `stop_on_failure`."""
        gaps = self._gaps({r.id: r.objective for r in report.results if r.objective is not None})
        failed = {r.family: r for r in reversed(report.results) if r.status is not Status.OK}
        made = []
        for family, limit in self._limit.items():
            theirs, name = self._best[family]
            status, message = (failed[family].status, failed[family].message) if family in failed else (Status.OK, "")
            words = self._families.get(family, family.replace("_", " "))
            made.append(Margin(family, words, status, gaps[family], name, theirs, limit - theirs, message))
        return tuple(made)

    def advice(self, report: Report) -> str:
        """Return how a program does, in words that continue a sentence, for a report without `stop_on_failure`."""
        if fault := self.judge(report):
            return f"would fail the robustness tests: {fault}"
        nearest = max(self.margins(report), key=lambda margin: margin.behind - margin.tolerance)
        side = "ahead of" if nearest.behind <= 0 else "behind"
        return (
            "passes fresh instances of all robustness classes; nearest to failing "
            f"{self._named(nearest.family)}: {abs(nearest.behind):.0%} {side} {nearest.baseline}"
        )

    def _named(self, family: str) -> str:
        return f"where {words}" if (words := self._families.get(family)) else f"family {family.replace('_', ' ')}"

    def _gaps(self, objectives: Mapping[str, float]) -> dict[str, float]:
        """Return the mean gap to the best baseline by class; a failure gets the penalty."""
        return family_gaps(
            InstanceResult(
                id,
                i.family,
                Status.OK,
                self._scale.gap(i, objectives[id]) if id in objectives else self._scale.penalty[i.family],
            )
            for id, i in self._instances.items()
        )


def _rule(message: str) -> str:
    """The verifier's message on a broken rule without its numbers, which come from the instance."""
    return re.sub(r"\[[^\]]*(\]|$)", "[...]", re.sub(r"\d+(?:[.,]\d+)*", "#", message))[:160]


def _place(message: str) -> str:
    """The exception type and the program's line, without the exception's message, which may quote an instance."""
    kind = re.match(r"(\w+(?:Error|Exception|Iteration))\b", message)
    line = re.search(r"\(line \d+(?:: `[^`]*`)?\)$", message)
    return "".join([f" with a {kind[1]}" if kind else "", f" {line[0]}" if line else ""])
