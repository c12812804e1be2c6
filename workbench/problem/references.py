"""References of a problem: reads references.json and computes gaps from it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from workbench.errors import ProblemError
from workbench.model import Instance, InstanceResult, Problem, Reference, Split, Status
from workbench.problem.gap import family_gaps, family_scales, instance_gap, mean_gap, penalties

FILE = "references.json"
PARTIAL = ".references.partial"
"""Intermediate results of `evolve references`; deleted once FILE is written."""
FORMAT = 1
_ROUNDING = 1e-6  # relative difference by which sums of floats, and solvers, may miss a proven value


class References:
    """References and baseline objectives of a problem, for all splits.

    Parameters
    ----------
    raw
        The parsed file: `{"format": 1, "splits": {split: {id: {"value", "status", "solver", "seconds", "baselines"}}}}`.
    """

    def __init__(
        self, folder: Path, problem: Problem, instances: Callable[[Split], Sequence[Instance]], raw: Mapping[str, Any]
    ) -> None:
        self._folder, self._problem, self._instances, self.raw = folder, problem, instances, raw
        self._scales: dict[Split, GapScale] = {}

    def reference(self, split: Split, id: str) -> Reference:
        """Return the reference of one instance."""
        entry = self._entry(split, id)
        return Reference(entry["value"], entry["status"], entry.get("solver", ""), entry.get("seconds", 0.0))

    def baseline(self, name: str, split: Split) -> dict[str, float]:
        """Return a baseline's objective by instance id, without instances on which it failed."""
        entries = ((i.id, self._entry(split, i.id)["baselines"].get(name)) for i in self._instances(split))
        return {id: objective for id, objective in entries if objective is not None}

    def scale(self, split: Split) -> GapScale:
        """Return the scales, penalties and references of a split."""
        if split not in self._scales:
            self._scales[split] = GapScale(
                self._problem.sense,
                self._instances(split),
                {i.id: float(self._entry(split, i.id)["value"]) for i in self._instances(split)},
                {b.name: self.baseline(b.name, split) for b in self._problem.baselines},
            )
        return self._scales[split]

    def beaten(self, split: Split, results: Iterable[InstanceResult]) -> list[str]:
        """Describe each objective that is better than a proven reference: the verifier or the proof is then at fault."""
        found = []
        for r in results:
            if r.objective is None or r.gap >= 0:
                continue
            reference = self.reference(split, r.id)
            if reference.status == "best_known":
                continue
            ahead = reference.value - r.objective if self._problem.sense == "min" else r.objective - reference.value
            if ahead > _ROUNDING * max(1.0, abs(reference.value)):
                found.append(f"{r.id} of {split}: {r.objective:g}, where {reference.value:g} is {reference.status}")
        return found

    def gaps(self, name: str, split: Split) -> dict[str, float]:
        """Return a baseline's gap by instance id; a failed instance gets the penalty."""
        scale, objectives = self.scale(split), self.baseline(name, split)
        return {
            i.id: scale.gap(i, objectives[i.id]) if i.id in objectives else scale.penalty[i.family] for i in self._instances(split)
        }

    def families(self, name: str, split: Split) -> dict[str, float]:
        """Return a baseline's mean gap by instance class."""
        gaps = self.gaps(name, split)
        return family_gaps(InstanceResult(i.id, i.family, Status.OK, gaps[i.id]) for i in self._instances(split))

    def kinds(self, split: Split) -> dict[str, int]:
        """Count the references of a split by status (`optimal`, `bound`, `best_known`)."""
        return dict(Counter(self._entry(split, i.id)["status"] for i in self._instances(split)).most_common())

    @cached_property
    def ranking(self) -> tuple[tuple[str, float], ...]:
        """Name and mean train gap of each baseline, best first."""
        means = [(b.name, mean_gap(self.families(b.name, Split.TRAIN))) for b in self._problem.baselines]
        return tuple(sorted(means, key=lambda pair: pair[1]))

    def _entry(self, split: Split, id: str) -> Any:
        try:
            return self.raw["splits"][split.value][id]
        except KeyError as error:
            raise ProblemError(
                f"{self._problem.slug}: {FILE} has no entry for {split} instance {id!r}; {_fix(self._folder, '--missing')}"
            ) from error


class GapScale:
    """Computes gaps on one split: holds scale and penalty by instance class, and reference by instance."""

    def __init__(
        self,
        sense: Any,
        instances: Sequence[Instance],
        values: Mapping[str, float],
        baselines: Mapping[str, Mapping[str, float]],
    ) -> None:
        self._sense = sense
        self.value = dict(values)
        self.unit = family_scales(instances, values, baselines)
        self.penalty = penalties(instances, values, baselines, self.unit, sense)

    def gap(self, instance: Instance, objective: float) -> float:
        """Return the gap of an objective value on `instance`."""
        return instance_gap(objective, self.value[instance.id], self.unit[instance.family], self._sense)


def bare(instances: Sequence[Instance]) -> GapScale:
    """Return a `GapScale` for instances without references: the gap is the objective itself."""
    return GapScale("min", instances, {i.id: 0.0 for i in instances}, {})


def by_the_best(sense: Any, instances: Sequence[Instance], baselines: Mapping[str, Mapping[str, float]]) -> GapScale:
    """Return a `GapScale` for instances without references: each is measured by the best of the baselines on it.

    Parameters
    ----------
    baselines
        Objective by baseline and instance id, without failures; at least one baseline solves each instance.
    """
    pick = min if sense == "min" else max
    found = {i.id: pick(known[i.id] for known in baselines.values() if i.id in known) for i in instances}
    return GapScale(sense, instances, found, baselines)


def read(folder: Path, problem: Problem, instances: Callable[[Split], Sequence[Instance]]) -> References:
    """Read `references.json` of a problem folder.

    Raises
    ------
    ProblemError
        The file is missing, not JSON, or of another format; the message names the command that creates it.
    """
    path, fix = folder / FILE, _fix(folder)
    try:
        raw = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise ProblemError(f"{problem.slug}: {path} is missing; {fix}") from error
    except (OSError, ValueError) as error:
        raise ProblemError(f"{problem.slug}: {path} cannot be read ({error}); {fix}") from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT or not isinstance(raw.get("splits"), dict):
        raise ProblemError(f"{problem.slug}: {path} does not have format {FORMAT}; {fix}")
    return References(folder, problem, instances, raw)


def _fix(folder: Path, how: str = "--make") -> str:
    """Return the command that creates the file. It names the folder, which also works for problems outside `problems/`."""
    return f"create it with: evolve references {folder} {how}"
