"""What whoever proposes programs may know of a problem: its texts, limits, sizes and baselines; no result on test or stress."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from workbench.api.loading import AnyProblem, load
from workbench.errors import UsageError
from workbench.model import Limits, Split
from workbench.problem.catalog import LoadedProblem
from workbench.problem.gap import mean_gap
from workbench.problem.reachable import Reachable, read
from workbench.problem.sizes import Sizes, sizes_of
from workbench.program.source import MAX_SOURCE_BYTES
from workbench.proposers.company import skeleton

SHOWN = (Split.TRAIN, Split.VALIDATION)
"""Splits on which results are shown."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A baseline, with its gaps on train and validation.

    Attributes
    ----------
    gaps
        Mean gap by split.
    families
        Mean gap by split and instance class.
    """

    name: str
    title: str
    citation: str
    gaps: Mapping[Split, float]
    families: Mapping[Split, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Description:
    """A problem, as whoever proposes programs may see it.

    Attributes
    ----------
    statement, hints
        The task in markdown; hints by level, generic ones first.
    entry, contract
        Name of what a program must define; its signature and docstring, which are binding.
    features
        Names within the evolving part, with their meaning.
    unit, sense, bound
        Of the objective, and the kind of reference that gaps are measured against.
    limits, source_bytes
        Resource limits of a program on one instance, and the longest program.
    modules
        Modules that a program may import.
    splits
        Number and size of the instances by split.
    baselines
        Best on train first.
    robustness
        Classes of robustness instances of which anyone may draw fresh ones, in words; a certificate may have others too.
    seeds
        Names of the initial programs, weakest first.
    reachable
        What an oracle reaches on train and validation that knows less than the reference; None where there is none.
    harder
        ID of the problem at its harder tier, where a run goes on that has solved train; empty if there is none.
    """

    slug: str
    version: str
    title: str
    question: str
    statement: str
    hints: tuple[str, ...]
    entry: str
    contract: str
    features: Mapping[str, str]
    unit: str
    sense: Literal["min", "max"]
    bound: str
    limits: Limits
    source_bytes: int
    modules: tuple[str, ...]
    splits: Mapping[Split, Sizes]
    baselines: tuple[Rival, ...]
    robustness: Mapping[str, str]
    seeds: tuple[str, ...]
    reachable: Reachable | None = None
    harder: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {
            **fields,
            "hints": list(self.hints), "modules": list(self.modules), "seeds": list(self.seeds), "features": dict(self.features),
            "limits": asdict(self.limits), "splits": {split.value: asdict(found) for split, found in self.splits.items()},
            "baselines": [
                {
                    "name": b.name, "title": b.title, "citation": b.citation,
                    "gaps": {s.value: {"mean": b.gaps[s], "classes": dict(b.families[s])} for s in SHOWN},
                }
                for b in self.baselines
            ],
            "robustness": dict(self.robustness), "reachable": self.reachable and self.reachable.to_json(),
        }  # fmt: skip


def train_instance(problem: AnyProblem, name: str) -> dict[str, Any]:
    """Return one train instance as a JSON object: ID, instance class, reference, and the data that a program is given.

    Instances of other splits are shown to nobody, nor are their names.

    Raises
    ------
    UsageError
        Train has no such instance; the message suggests similar names.
    """
    loaded = load(problem)
    known = {one.id: one for one in loaded.instances(Split.TRAIN)}
    if name not in known:
        near = ", ".join(difflib.get_close_matches(name, known, n=3) or list(known)[:3])
        raise UsageError(f"train of {loaded.slug} has no instance {name!r} ({len(known)} instances, for example {near})")
    one, reference = known[name], loaded.references.reference(Split.TRAIN, name)
    return {"id": one.id, "family": one.family, "reference": reference.value, "data": one.data}


def describe(problem: AnyProblem) -> Description:
    """Return everything that whoever proposes programs for a problem may know.

    Sizes are told of every split; results of baselines on train and validation alone.

    Raises
    ------
    UsageError
        Unknown name.
    ProblemError
        The problem cannot be loaded.
    """
    loaded = load(problem)
    brief = loaded.brief
    return Description(
        loaded.slug, loaded.version, brief.title, brief.question, brief.statement, brief.hints, brief.entry,
        skeleton(loaded.program(loaded.problem.seeds[0]).source, brief.entry), brief.features, brief.unit, brief.sense,
        loaded.problem.bound, brief.limits, MAX_SOURCE_BYTES, brief.modules,
        {split: sizes_of(loaded.instances(split)) for split in Split}, _rivals(loaded), loaded.robustness, loaded.problem.seeds,
        read(loaded), loaded.harder.slug if loaded.harder else "",
    )  # fmt: skip


def _rivals(loaded: LoadedProblem) -> tuple[Rival, ...]:
    known = {b.name: b for b in loaded.problem.baselines}
    made = []
    for name, _ in loaded.references.ranking:
        families = {split: loaded.references.families(name, split) for split in SHOWN}
        gaps = {split: mean_gap(found) for split, found in families.items()}
        made.append(Rival(name, known[name].title, known[name].citation, gaps, families))
    return tuple(made)
