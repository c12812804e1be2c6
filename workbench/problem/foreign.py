"""Reads a task written for OpenEvolve, SkyDiscover or ShinkaEvolve: its initial program, evaluator and settings."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from workbench.errors import Infeasible, ProblemError, Rejected
from workbench.model import Evaluator, Instance, Limits, Measurement, Policy, Problem, Reference, Split
from workbench.problem.programs import read_program
from workbench.program.source import ANY_MODULE, parse, split_block
from workbench.values import NOT_VERIFIED, UNVERIFIED, is_unverified

PROGRAMS = ("initial_program.py", "initial.py")
"""Names of the initial program, by preference."""
EVALUATORS = ("evaluator.py", "evaluate.py", "evaluator/evaluator.py", "evaluator/evaluate.py")
"""Names of the file with the evaluator, by preference."""
CONFIGS = ("config.yaml", "config.yml")
FILES = "a task's initial_program.py (or initial.py) and evaluator.py (or evaluate.py)"
"""What makes a folder a foreign task, in words."""
SECONDS, MEMORY_MB = 300.0, 4096
"""Limits of an evaluation where the task's settings have none."""
_THRESHOLDS = (0.5, 0.75, 0.9)
_FEATURES = ("complexity", "diversity")
_OUTPUTS = frozenset({"openevolve_output", "runs", "results", "outputs", "output", "checkpoints", "logs", "__pycache__"})
"""Folders that runs of a task leave behind: no part of its version."""
_LARGE = 8 << 20
"""Bytes from which a file counts by its size alone in the version."""


@dataclass(frozen=True, slots=True)
class Task:
    """A foreign task as a problem, with its evaluator."""

    problem: Problem
    evaluator: Evaluator


def is_task(folder: Path) -> bool:
    """Whether a folder has an initial program and an evaluator."""
    return _first(folder, PROGRAMS) is not None and _first(folder, EVALUATORS) is not None


def read(folder: Path) -> Task:
    """Read a task.

    Raises
    ------
    ProblemError
        A file of it cannot be read, or the evaluator has no form that is known.
    """
    program, evaluator = _first(folder, PROGRAMS), _first(folder, EVALUATORS)
    if program is None or evaluator is None:
        raise ProblemError(f"no task at {folder}: it needs {FILES}")
    source, judge = _text(program), _text(evaluator)
    try:
        tree = parse(source)
    except Rejected as error:
        raise ProblemError(f"{program}: {error}") from error
    settings = _settings(folder)
    wanted = _section(settings, "evaluator")
    entry = _entry(tree, source, judge, program)
    name = _name(folder)
    documented = _documented(judge, evaluator)
    statement = str(_section(settings, "prompt").get("system_message") or "").strip() or documented.words
    problem = Problem(
        slug=f"{UNVERIFIED}/{name}",
        title=name.replace("_", " "),
        question=f"Raise the score that the task's evaluator gives to `{entry}`.",
        entry=entry,
        verifier=_Reported(),
        instances=_instances,
        solve=_unsolved,
        seeds=(program.stem,),
        baselines=(),
        features={},
        unit="score",
        bound="none: the score is what the task's own evaluator says",
        sense="max",
        limits=Limits(_number(wanted, "timeout", SECONDS), int(_number(wanted, "memory_limit_mb", MEMORY_MB))),
        modules=(ANY_MODULE,),
        statement=statement or f"The program is scored by an evaluator that calls `{entry}`.",
        programs={program.stem: source},
    )
    cascade = wanted.get("cascade_evaluation", True) is not False
    thresholds = _numbers(wanted.get("cascade_thresholds")) or _THRESHOLDS
    features = _section(settings, "database").get("feature_dimensions")
    described = tuple(map(str, features)) if isinstance(features, list) else _FEATURES
    return Task(problem, Evaluator(str(folder), str(evaluator), documented.command, thresholds if cascade else None, described))


def refuse(slug: str, folder: Path | str, what: str) -> None:
    """Refuse what needs a verifier for a foreign task.

    Raises
    ------
    ProblemError
        It is one; the message says what to do.
    """
    if is_unverified(slug):
        raise ProblemError(f"{slug} cannot {what}: {NOT_VERIFIED}; make a problem of it first: evolve adopt {folder} DOMAIN/NAME")


def zero(instances: Callable[[Split], Sequence[Instance]]) -> dict[str, Any]:
    """Return references of 0 in the form of `references.json`."""
    entry = {"value": 0.0, "status": "best_known", "solver": "none", "seconds": 0.0, "baselines": {}}
    return {"format": 1, "splits": {split.value: {i.id: entry for i in instances(split)} for split in Split}}


def version(folder: Path) -> str:
    """Return a hash of a task's files, but for hidden ones and what runs leave behind."""
    digest = hashlib.sha256()
    for path in sorted(files(folder)):
        size = path.stat().st_size
        content = path.read_bytes() if size <= _LARGE else str(size).encode()
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()[:12]


def files(folder: Path) -> Iterator[Path]:
    """Files of a task, but for hidden ones and what runs leave behind."""
    for path in folder.iterdir():
        if path.name.startswith(".") or path.suffix == ".pyc" or path.is_symlink():
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and path.name not in _OUTPUTS and not path.name.startswith("results_"):
            yield from files(path)


class _Reported:
    """Takes the score that the evaluator reports."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Let the evaluator score the program once.

        Raises
        ------
        Infeasible
            It gives no score.
        """
        found = policy()
        match found:
            case {"score": int() | float() as score, "metrics": dict() as metrics}:
                return Measurement(float(score), {str(k): float(v) for k, v in metrics.items() if isinstance(v, int | float)})
            case {"score": None, "why": str() as why}:
                raise Infeasible(why)
        raise Infeasible("the evaluator's process sent something else than a score")


def _instances(split: Split) -> tuple[Instance, ...]:
    names = {Split.TRAIN: "evaluation", Split.VALIDATION: "second evaluation"}
    return (Instance(names[split], "task", {}),) if split in names else ()


def _unsolved(instance: Instance) -> Reference:
    raise ProblemError("a foreign task has no references: `evolve adopt` makes a problem of it, which can have some")


# --------------------------------------------------------------------------- files


def _first(folder: Path, names: Sequence[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _text(path: Path) -> str:
    try:
        return read_program(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ProblemError(f"{path} cannot be read: {error}") from error


def _settings(folder: Path) -> Mapping[str, Any]:
    path = _first(folder, CONFIGS)
    if path is None:
        return {}
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProblemError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    return found if isinstance(found, dict) else {}


def _section(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = settings.get(name)
    return found if isinstance(found, dict) else {}


def _number(settings: Mapping[str, Any], name: str, otherwise: float) -> float:
    found = settings.get(name)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) and found > 0 else otherwise


def _numbers(found: Any) -> tuple[float, ...]:
    return tuple(float(x) for x in found if isinstance(x, int | float)) if isinstance(found, list) else ()


def _name(folder: Path) -> str:
    parts = [re.sub(r"[^a-z0-9]+", "_", part.lower()).strip("_") for part in folder.parts[-2:]]
    return parts[-1] if re.search("[a-z]", parts[-1]) else "_".join(filter(None, parts)) or "task"


# --------------------------------------------------------------------------- what the texts say


@dataclass(frozen=True, slots=True)
class _Documented:
    command: bool
    words: str


def _documented(judge: str, path: Path) -> _Documented:
    """Return the form of an evaluator, and what its docstrings say."""
    try:
        tree = ast.parse(judge)
    except (SyntaxError, ValueError) as error:
        raise ProblemError(f"{path} is not valid Python: {error}") from error
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    bound = {*functions, *(alias.asname or alias.name for n in tree.body if isinstance(n, ast.ImportFrom) for alias in n.names)}
    command = "evaluate" not in bound
    if command and not ("program_path" in judge and "results_dir" in judge):
        raise ProblemError(f"{path} defines no function evaluate(program_path), and takes no --program_path and --results_dir")
    texts = [ast.get_docstring(tree), ast.get_docstring(functions["evaluate"]) if "evaluate" in functions else ""]
    return _Documented(command, "\n\n".join(filter(None, texts)))


def _entry(tree: ast.Module, source: str, judge: str, path: Path) -> str:
    """Return the function or class of the initial program that the evaluator names; one that does not evolve is preferred."""
    found = [n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)]
    if not found:
        raise ProblemError(f"{path} defines no function and no class")
    block = split_block(source)
    named = [name for name in found if re.search(rf"\b{re.escape(name)}\b", judge)] or found[-1:]
    fixed = [name for name in named if block and not re.search(rf"^(?:def|class) {re.escape(name)}\b", block.inside, re.MULTILINE)]
    return (fixed or named)[0]
