"""Measures an ablation: the whole program, and the same with one part switched off, paired on validation instances."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.discoveries.ablations import Study, ablated
from tests.docs.blocks import ROOT
from workbench.analysis.compare import Contender, compare
from workbench.evaluation.evaluate import evaluate
from workbench.model import Program, Report, Split, Status
from workbench.problem import catalog
from workbench.problem.gap import mean_gap
from workbench.problem.shipped import exhibit
from workbench.program.source import text_hash
from workbench.sandbox import open_sandbox

FOLDER = ROOT / "docs" / "discoveries"
WHOLE = "nothing"


@dataclass(frozen=True, slots=True)
class Part:
    """A program with a part switched off.

    Attributes
    ----------
    gap
        On validation; None where the program fails.
    failed
        Number of instances that it fails on.
    difference
        Mean difference to the whole program, with its 95 % interval; above 0, the part helps. None for the whole program.
    record
        Instances on which switching it off is better, equal, worse.
    """

    words: str
    gap: float | None
    failed: int
    difference: tuple[float, float, float] | None = None
    record: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured ablation.

    Attributes
    ----------
    version, program
        Version of the problem and hash of the whole program's text.
    instances
        Number of validation instances.
    families
        Validation gap of the whole program and of the best baseline there, by instance class.
    """

    problem: str
    version: str
    program: str
    instances: int
    baseline: tuple[str, float]
    families: dict[str, tuple[float, float]]
    parts: tuple[Part, ...]

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Restore from the JSON of `dataclasses.asdict`."""
        parts = tuple(Part(**part) for part in raw.pop("parts"))
        return cls(**raw, parts=parts)


def place(name: str) -> Path:
    """The file of a measurement."""
    return FOLDER / "measured" / f"{name}.json"


def read(name: str) -> Measured | None:
    """What was measured; None if nothing was."""
    return Measured.from_json(json.loads(place(name).read_text())) if place(name).is_file() else None


def measure(study: Study, told: Callable[[str], None]) -> Measured:
    """Evaluate all variants on validation; nothing is chosen by it."""
    loaded = catalog.load(study.problem)
    found = exhibit(catalog.plain(study.problem))
    assert found is not None
    split, reports = Split.VALIDATION, dict[str, Report]()
    with contextlib.closing(open_sandbox(loaded.problem.modules)) as sandbox:
        for words, changes in {WHOLE: (), **study.parts}.items():
            program = Program(ablated(found.source, changes), loaded.problem.entry)
            reports[words] = evaluate(loaded, program, split, sandbox, fresh=True)
            told(f"{words}: gap {reports[words].gap:.4%}, {reports[words].status}")
    whole = side(WHOLE, reports[WHOLE])
    parts = [Part(WHOLE, reports[WHOLE].gap, 0)]
    for words, report in reports.items():
        if words == WHOLE:
            continue
        failed = sum(result.status is not Status.OK for result in report.results)
        outcome = compare(side(words, report), whole)
        better, same, worse = outcome.record
        parts.append(
            Part(
                words, None if failed else report.gap, failed, None if failed else tuple(outcome.difference), (better, same, worse)
            )
        )
    gap, best = min((mean_gap(loaded.references.families(b.name, split)), b.name) for b in loaded.problem.baselines)
    theirs, ours = loaded.references.families(best, split), reports[WHOLE].families
    families = {family: (ours[family], theirs[family]) for family in ours}
    return Measured(
        study.problem, loaded.version, text_hash(found.source), len(reports[WHOLE].results), (best, gap), families, tuple(parts)
    )


def side(name: str, report: Report) -> Contender:
    """A program as one side of a comparison."""
    return Contender(name, None, {r.id: r.gap for r in report.results}, {r.id: r.family for r in report.results})
