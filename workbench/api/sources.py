"""The programs that come with a problem: initial programs, baselines, and the best heuristic that ships."""

from __future__ import annotations

import contextlib
import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workbench.api.loading import AnyProblem, load
from workbench.errors import UsageError
from workbench.evaluation.evaluate import evaluate as score
from workbench.evaluation.opening import open_for
from workbench.model import Program, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.gap import mean_gap
from workbench.problem.shipped import exhibit

SHIPPED = "shipped"
"""Name of the best heuristic that ships, as its search or author wrote it."""
_SPLITS = (Split.TRAIN, Split.VALIDATION)


class Kind(StrEnum):
    """What a program is to its problem."""

    INITIAL = "initial program"
    BASELINE = "baseline"
    SHIPPED = "shipped heuristic"
    OTHER = "other program"


@dataclass(frozen=True, slots=True)
class Source:
    """A program that comes with a problem.

    Attributes
    ----------
    title
        Of a baseline; empty for others.
    gaps
        Gap on train and on validation; None where the program fails.
    """

    name: str
    kind: Kind
    title: str
    gaps: Mapping[Split, float | None]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        gaps = {split.value: gap for split, gap in self.gaps.items()}
        return {"name": self.name, "kind": self.kind.value, "title": self.title, "gaps": gaps}


def source(problem: AnyProblem, name: str) -> str:
    """Return the text of a program that comes with a problem.

    Parameters
    ----------
    name
        Name of an initial program or a baseline, or `shipped` for the best heuristic that ships.

    Raises
    ------
    UsageError
        No such problem or program; the message suggests similar names.
    """
    return _program(load(problem), name).source


def sources(
    problem: AnyProblem,
    *,
    allow_unsafe: bool = False,
    isolation: str | None = None,
    on_source: Callable[[int, int], None] | None = None,
) -> tuple[Source, ...]:
    """Return the programs that come with a problem, with their gaps on train and validation; the best of each kind first.

    Gaps of baselines are known; the others are evaluated now. That is no use of validation, because nothing is chosen by it.

    Parameters
    ----------
    on_source
        Called with the number of programs evaluated, and in all.

    Raises
    ------
    UsageError
        No such problem.
    """
    loaded = load(problem)
    kinds = {name: kind_of(loaded, name) for name in _names(loaded)}
    titles = {b.name: b.title for b in loaded.problem.baselines}
    gaps: dict[str, dict[Split, float | None]] = {
        name: {split: mean_gap(loaded.references.families(name, split)) for split in _SPLITS} for name in titles
    }
    unknown = [name for name in kinds if name not in gaps]
    with contextlib.closing(open_for(loaded, allow_unsafe=allow_unsafe, isolation=isolation)) as sandbox:
        for done, name in enumerate(unknown):
            if on_source:
                on_source(done, len(unknown))
            program = _program(loaded, name)
            reports = {split: score(loaded, program, split, sandbox, stop_on_failure=True) for split in _SPLITS}
            gaps[name] = {split: r.gap if r.status is Status.OK else None for split, r in reports.items()}
    made = [Source(name, kind, titles.get(name, ""), gaps[name]) for name, kind in kinds.items()]
    made.sort(key=lambda s: math.inf if (gap := s.gaps[Split.TRAIN]) is None else gap)
    return tuple(sorted(made, key=lambda s: list(Kind).index(s.kind)))


def kind_of(loaded: LoadedProblem, name: str) -> Kind:
    """Return what a program is to its problem; a baseline that runs start from is a baseline."""
    if name in loaded.programs:
        if name in {b.name for b in loaded.problem.baselines}:
            return Kind.BASELINE
        return Kind.INITIAL if name in loaded.problem.seeds else Kind.OTHER
    return Kind.SHIPPED


def _names(loaded: LoadedProblem) -> tuple[str, ...]:
    ships = SHIPPED not in loaded.programs and exhibit(loaded.slug) is not None
    return (*loaded.programs, *([SHIPPED] if ships else []))


def _program(loaded: LoadedProblem, name: str) -> Program:
    names = _names(loaded)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(f"{loaded.slug} has no program {name!r}; {hint}it has: {', '.join(names)}")
    if name in loaded.programs:
        return loaded.program(name)
    found = exhibit(loaded.slug)
    assert found is not None, "its name is listed"
    return Program(found.source, loaded.problem.entry)
