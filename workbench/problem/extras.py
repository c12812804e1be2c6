"""Optional files of a problem folder: most make further instances, for the robustness filter and for certificates."""

from __future__ import annotations

import hashlib
import importlib
import random
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from workbench.errors import ProblemError
from workbench.model import Instance, Split
from workbench.protocols import SecondObjective

GATE = "gate.py"
"""Fresh stress instances for the robustness filter: `FAMILIES` (descriptions by class) and `instances(seed)`."""
FRESH = "fresh.py"
"""Instances as those of the test split, for a certificate: `instances(seed)`."""
TRANSFER = "transfer.py"
"""Instances from elsewhere: `SOURCE` (where from, in one line) and `instances()`."""
METAMORPHIC = "metamorphic.py"
"""Other forms of the same instances: `RELATIONS`, each a `Relation`, and `applies(instance)` if they are not for all."""
REPLICATES = "replicates.py"
"""Further instances for a run, from nothing that belongs to test: `instances(seed)`, and `largest(seed)` if sizes differ."""
SECOND = "second.py"
"""What matters besides the gap: `SECOND`, a `SecondObjective`."""
EVIDENCE = "evidence.py"
"""What better solutions have: `differences(instance, answer)`, a few lines, and `suits(instance)`, where that takes a second."""
LINES, LENGTH = 3, 240
"""Maximum number of lines of evidence, and of characters in each, that a prompt shows."""
REACHABLE = "reachable.py"
"""An oracle that knows less than the reference: `WORDS` (what it knows and does) and `objective(instance)`."""
REACHED = "reachable.json"
"""What that oracle reaches on train and validation, as `evolve references PROBLEM --reachable` writes it."""
UNSCORED = (GATE, REPLICATES, SECOND, EVIDENCE, REACHABLE, REACHED)
"""Those that affect neither a score nor a certificate."""
FILES = (GATE, FRESH, TRANSFER, METAMORPHIC, REPLICATES, SECOND, EVIDENCE, REACHABLE)


class Draw(NamedTuple):
    """Instances outside the four splits: the file that makes them, and a random seed (of no effect for transfer).

    Other forms are of instances of `split`.
    """

    file: str
    seed: int = 0
    split: Split = Split.TEST


def extra(folder: Path, file: str) -> ModuleType | None:
    """Load an optional file of a problem that is loaded itself; None if there is none.

    Raises
    ------
    ProblemError
        It cannot be loaded.
    """
    if not (folder / file).is_file() or package(folder) not in sys.modules:  # a foreign task may have a file of that name
        return None
    try:
        return importlib.import_module(f"{package(folder)}.{file.removesuffix('.py')}")
    except Exception as error:
        raise ProblemError(f"{folder / file} cannot be loaded: {where(error, folder)}") from error


def second(folder: Path) -> SecondObjective | None:
    """Return the second objective of a problem that is loaded itself; None if it has none.

    Raises
    ------
    ProblemError
        Its file cannot be loaded, or does not define one.
    """
    module = extra(folder, SECOND)
    found = getattr(module, "SECOND", None)
    if module is None or isinstance(found, SecondObjective):
        return found
    raise ProblemError(f"{folder / SECOND} must define SECOND = SecondObjective(METRIC, TITLE), from workbench.protocols")


def transformed(module: ModuleType, tested: Sequence[Instance], seed: int) -> tuple[Instance, ...]:
    """Return each relation's form of the instances to which it applies; `origin` tells them apart again."""
    applies: Callable[[Instance], bool] = getattr(module, "applies", lambda instance: True)
    return tuple(
        Instance(f"{r.name}: {i.id}", i.family, r.transform(i.data, random.Random(f"{seed} {r.name} {i.id}")))
        for r in module.RELATIONS
        for i in tested
        if applies(i)
    )  # fmt: skip


def origin(id: str) -> tuple[str, str]:
    """Relation and instance that an instance of `transformed` was made from."""
    relation, _, of = id.partition(": ")
    return relation, of


def package(folder: Path) -> str:
    """Return the module name under which a problem's files are imported; unique per folder."""
    return f"evolve_problem_{folder.parent.name}_{folder.name}_{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"


def where(error: BaseException, folder: Path) -> str:
    """Describe an error in one line, with the innermost position within the problem's own files."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg} ({Path(error.filename or '?').name}, line {error.lineno})"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(str(folder))]
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}{f': {words}' if words else ''}{place}"
