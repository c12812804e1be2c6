"""Further instances for candidates that validation cannot tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.evaluation.jobs import Job
from workbench.formatting import points
from workbench.model import InstanceResult, Program, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import REPLICATES, Draw
from workbench.problem.gap import effect_of, family_gaps, mean_gap
from workbench.problem.references import by_the_best
from workbench.values import count_scored

MOST = 5
"""Maximum number of candidates that are compared."""


def contenders(reports: Mapping[int, Report]) -> list[int]:
    """Return the candidates that the best one on validation is not clearly better than, best first; copies of it are left out.

    Parameters
    ----------
    reports
        Validation reports by number, without failures.
    """
    best, *others = sorted(reports, key=lambda number: (reports[number].gap, number))
    families = [r.family for r in reports[best].results]
    found = [best]
    for number in others:
        effect = effect_of(_gaps(reports[number]), _gaps(reports[best]), families)
        if effect.within_noise and (effect.mean > 0 or effect.error > 0):
            found.append(number)
    return found[:MOST]


class Replicates:
    """Instances of a problem's `replicates.py`, drawn for one run; none of them, and nothing they are made from, is in test.

    Parameters
    ----------
    seed
        Random seed of the run.
    """

    def __init__(self, loaded: LoadedProblem, seed: int) -> None:
        self._sense = loaded.problem.sense
        self._draw = Draw(REPLICATES, seed)
        drawn = loaded.drawn(self._draw)
        self.largest = loaded.largest(self._draw)
        self.instances = tuple(i for i in drawn if i is not self.largest)

    def job(self, program: Program) -> Job:
        """Return the evaluation job of a contender."""
        ids = tuple(i.id for i in self.instances)
        return Job(program, Split.VALIDATION, ids, stop_on_failure=True, draw=self._draw)

    def probe(self, program: Program) -> Job:
        """Return the job that runs a program on the largest instance."""
        assert self.largest
        return Job(program, Split.VALIDATION, (self.largest.id,), stop_on_failure=True, draw=self._draw)

    def pooled(self, validation: Mapping[int, Report], further: Mapping[int, Report]) -> dict[int, float]:
        """Return the mean gap of each contender over validation and these instances; empty if all of them fail here.

        Here the best contender is the reference of each instance. One that fails is left out.
        """
        objectives = {
            number: {r.id: r.objective for r in report.results if r.objective is not None}
            for number, report in further.items()
            if report.status is Status.OK
        }
        if not objectives:
            return {}
        scale = by_the_best(self._sense, self.instances, {str(number): known for number, known in objectives.items()})
        ours, pooled = count_scored(i.family for i in self.instances), {}
        for number, known in objectives.items():
            gap = mean_gap(
                family_gaps(InstanceResult(i.id, i.family, Status.OK, scale.gap(i, known[i.id])) for i in self.instances)
            )
            theirs = count_scored(r.family for r in validation[number].results)
            pooled[number] = (theirs * validation[number].gap + ours * gap) / (theirs + ours)
        return pooled


def told(pooled: Mapping[int, float], compared: Sequence[int], count: int) -> str:
    """Return in one line what further instances decided."""
    first, *others = sorted(pooled, key=lambda number: (pooled[number], number))
    names = ", ".join(map(str, compared[:-1])) + f" and {compared[-1]}"
    lead = f"by {points(pooled[others[0]] - pooled[first])[1:]} over {others[0]}" if others else "as the only one that solves them"
    return f"candidates {names} are within noise on validation; with {count} further instances {first} leads {lead}"


def _gaps(report: Report) -> list[float]:
    return [r.gap for r in report.results]
