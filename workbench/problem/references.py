"""What every instance is measured against: reads a problem's references.json and scales gaps with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from workbench.errors import ProblemError
from workbench.model import Instance, InstanceResult, Problem, Reference, Split, Status
from workbench.problem.gap import family_gaps, family_scales, instance_gap, mean_gap, penalties

FILE = "references.json"
PARTIAL = ".references.partial"
"""What `evolve references` has solved so far; gone once FILE is written."""
FORMAT = 1


class References:
    """References and baseline objectives of one problem, complete for all its splits.

    Parameters
    ----------
    raw
        The parsed file: `{"format": 1, "splits": {split: {id: {"value", "status", "solver", "seconds", "baselines"}}}}`.
    """

    def __init__(
        self, folder: Path, problem: Problem, instances: Callable[[Split], Sequence[Instance]], raw: Mapping[str, Any]
    ) -> None:
        self._folder, self._problem, self._instances, self.raw = folder, problem, instances, raw
        self._measures: dict[Split, Measure] = {}

    def reference(self, split: Split, id: str) -> Reference:
        """The reference of one instance."""
        entry = self._entry(split, id)
        return Reference(entry["value"], entry["status"], entry.get("solver", ""), entry.get("seconds", 0.0))

    def baseline(self, name: str, split: Split) -> dict[str, float]:
        """Objective of a baseline by instance id; instances on which it failed are left out."""
        entries = ((i.id, self._entry(split, i.id)["baselines"].get(name)) for i in self._instances(split))
        return {id: objective for id, objective in entries if objective is not None}

    def measure(self, split: Split) -> Measure:
        """The yardstick of a split."""
        if split not in self._measures:
            self._measures[split] = Measure(
                self._problem.sense,
                self._instances(split),
                {i.id: float(self._entry(split, i.id)["value"]) for i in self._instances(split)},
                {b.name: self.baseline(b.name, split) for b in self._problem.baselines},
            )
        return self._measures[split]

    def gaps(self, name: str, split: Split) -> dict[str, float]:
        """Gap of a baseline by instance id; a failed instance carries the penalty."""
        measure, objectives = self.measure(split), self.baseline(name, split)
        return {
            i.id: measure.gap(i, objectives[i.id]) if i.id in objectives else measure.penalty[i.family]
            for i in self._instances(split)
        }

    def families(self, name: str, split: Split) -> dict[str, float]:
        """Mean gap of a baseline by family."""
        gaps = self.gaps(name, split)
        return family_gaps(InstanceResult(i.id, i.family, Status.OK, gaps[i.id]) for i in self._instances(split))

    def kinds(self, split: Split) -> dict[str, int]:
        """How many references of a split are `optimal`, `bound` or `best_known`."""
        return dict(Counter(self._entry(split, i.id)["status"] for i in self._instances(split)).most_common())

    @cached_property
    def ranking(self) -> tuple[tuple[str, float], ...]:
        """Baselines with their mean train gap, best first."""
        means = [(b.name, mean_gap(self.families(b.name, Split.TRAIN))) for b in self._problem.baselines]
        return tuple(sorted(means, key=lambda pair: pair[1]))

    def _entry(self, split: Split, id: str) -> Any:
        try:
            return self.raw["splits"][split.value][id]
        except KeyError as error:
            raise ProblemError(
                f"{self._problem.slug}: {FILE} has no entry for {split} instance {id!r}; {_mend(self._folder, '--missing')}"
            ) from error


class Measure:
    """The yardstick of one split: scale and penalty by family, reference by instance."""

    def __init__(
        self,
        sense: Any,
        instances: Sequence[Instance],
        values: Mapping[str, float],
        baselines: Mapping[str, Mapping[str, float]],
    ) -> None:
        self._sense = sense
        self.value = dict(values)
        self.scale = family_scales(instances, values, baselines)
        self.penalty = penalties(instances, values, baselines, self.scale, sense)

    def gap(self, instance: Instance, objective: float) -> float:
        """Gap of one objective."""
        return instance_gap(objective, self.value[instance.id], self.scale[instance.family], self._sense)


def bare(instances: Sequence[Instance]) -> Measure:
    """A yardstick without references, for instances that have none: the gap is the objective itself."""
    return Measure("min", instances, {i.id: 0.0 for i in instances}, {})


def read(folder: Path, problem: Problem, instances: Callable[[Split], Sequence[Instance]]) -> References:
    """Read `references.json` of a problem folder.

    Raises
    ------
    ProblemError
        Missing, not JSON, or of another format; the line names the command that makes it.
    """
    path, mend = folder / FILE, _mend(folder)
    try:
        raw = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise ProblemError(f"{problem.slug}: {path} is missing; {mend}") from error
    except (OSError, ValueError) as error:
        raise ProblemError(f"{problem.slug}: {path} cannot be read ({error}); {mend}") from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT or not isinstance(raw.get("splits"), dict):
        raise ProblemError(f"{problem.slug}: {path} is not of format {FORMAT}; {mend}")
    return References(folder, problem, instances, raw)


def _mend(folder: Path, how: str = "--make") -> str:
    """How the file is made; by folder, for that works where the problem lies outside of `problems/`, too."""
    return f"make it with: evolve references {folder} {how}"
