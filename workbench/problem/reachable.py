"""What is within reach where the reference is not: the gap of an oracle that knows less, or of a long search, by `reachable.py`."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import ProblemError
from workbench.model import InstanceResult, Split, Status
from workbench.problem import catalog
from workbench.problem.extras import REACHABLE, REACHED, extra
from workbench.problem.gap import family_gaps, mean_gap

SPLITS = (Split.TRAIN, Split.VALIDATION)
"""Splits on which it is measured; never the held-out ones."""


@dataclass(frozen=True, slots=True)
class Reachable:
    """What an oracle reaches that knows less than the reference.

    Attributes
    ----------
    words
        What the oracle knows and does; fits after "reached by".
    gaps
        Mean gap by split, train and validation.
    families
        Mean gap by split and instance class.
    """

    words: str
    gaps: Mapping[Split, float]
    families: Mapping[Split, Mapping[str, float]]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "words": self.words,
            "gaps": {s.value: {"mean": self.gaps[s], "classes": dict(self.families[s])} for s in SPLITS},
        }


def read(loaded: catalog.LoadedProblem) -> Reachable | None:
    """Return what is within reach; None where a problem has no oracle, or at a harder tier.

    Raises
    ------
    ProblemError
        It was not measured, or on other instances; the message names the command that measures it.
    """
    module = extra(loaded.folder, REACHABLE)
    if module is None or loaded.tier is not None:
        return None
    path, fix = loaded.folder / REACHED, f"measure it with: evolve references {loaded.folder} --reachable"
    try:
        raw = json.loads(path.read_text("utf-8-sig"))
        found: Mapping[str, Any] = raw["splits"]
        families = {split: _families(loaded, split, found[split.value]["objectives"]) for split in SPLITS}
        current = all(found[split.value]["instances"] == _digest(loaded, split) for split in SPLITS)
    except FileNotFoundError as error:
        raise ProblemError(f"{loaded.slug}: {path} is missing; {fix}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProblemError(f"{loaded.slug}: {path} cannot be used ({type(error).__name__}: {error}); {fix}") from error
    if not current:
        raise ProblemError(f"{loaded.slug}: {path} is of other instances than train and validation have now; {fix}")
    return Reachable(module.WORDS, {split: mean_gap(families[split]) for split in SPLITS}, families)


def measure(loaded: catalog.LoadedProblem, workers: int = 1, tell: Callable[[str, int, int], None] | None = None) -> Path:
    """Run the oracle of `reachable.py` on train and validation, and write what it reaches.

    Raises
    ------
    ProblemError
        There is no oracle, or it fails.
    """
    if extra(loaded.folder, REACHABLE) is None:
        raise ProblemError(f"{loaded.slug} has no {REACHABLE}: an oracle that knows less than the reference (CONTRIBUTING.md)")
    todo = [(split, i.id) for split in SPLITS for i in loaded.instances(split)]
    found: dict[Split, dict[str, float]] = {split: {} for split in SPLITS}
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        made = pool.map(_objective, [str(loaded.folder)] * len(todo), *zip(*todo, strict=True))
        for done, ((split, id), value) in enumerate(zip(todo, made, strict=True), start=1):
            found[split][id] = value
            if tell:
                tell("within reach", done, len(todo))
    splits = {s.value: {"instances": _digest(loaded, s), "objectives": found[s]} for s in SPLITS}
    path = loaded.folder / REACHED
    path.write_text(json.dumps({"splits": splits}, indent=1) + "\n", encoding="utf-8")
    return path


def objective(loaded: catalog.LoadedProblem, split: Split, id: str) -> float:
    """Return what the oracle reaches on one instance of train or validation."""
    module = extra(loaded.folder, REACHABLE)
    assert module is not None
    instance = next(i for i in loaded.instances(split) if i.id == id)
    try:
        return float(module.objective(instance))
    except Exception as error:
        raise ProblemError(f"{loaded.slug}: {REACHABLE} failed on {id}: {type(error).__name__}: {error}") from error


def _objective(folder: str, split: Split, id: str) -> float:
    return objective(catalog.load(folder), split, id)


def _families(loaded: catalog.LoadedProblem, split: Split, objectives: Mapping[str, float]) -> dict[str, float]:
    scale = loaded.references.scale(split)
    return family_gaps(InstanceResult(i.id, i.family, Status.OK, scale.gap(i, objectives[i.id])) for i in loaded.instances(split))


def _digest(loaded: catalog.LoadedProblem, split: Split) -> str:
    return hashlib.sha256("".join(sorted(loaded.hashes(split))).encode()).hexdigest()[:16]
