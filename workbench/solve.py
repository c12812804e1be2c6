"""Makes references.json: solves each instance and runs each baseline through the sandbox."""

from __future__ import annotations

import json
import math
import os
import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from workbench import catalog
from workbench.errors import Infeasible, PolicyFailure, ProblemError
from workbench.model import Instance, Program, Split
from workbench.protocols import Sandbox
from workbench.references import FILE, FORMAT

SOLVERS = ("numpy", "ortools", "PuLP", "simpy", "highspy", "pyvrp")


def make_references(
    loaded: catalog.LoadedProblem,
    sandbox: Sandbox,
    *,
    workers: int = 1,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Solve every instance of all four splits, run every baseline, and write the file (atomically).

    Solvers run in processes of their own: two of them (OR-Tools and HiGHS) cannot share one.
    """
    instances = [(split, i) for split in Split for i in loaded.instances(split)]
    entries: dict[str, dict[str, Any]] = {split.value: {} for split in Split}
    with ProcessPoolExecutor(workers, get_context("spawn"), os.nice, (5,)) as pool:
        futures = {pool.submit(_solve, str(loaded.folder), split, i.id): (split, i.id) for split, i in instances}
        for done, future in enumerate(as_completed(futures), 1):
            split, id = futures[future]
            entries[split.value][id] = future.result()
            if on_progress:
                on_progress("solve", done, len(futures))
    for done, baseline in enumerate(loaded.problem.baselines, 1):
        for split in Split:
            objectives = _objectives(loaded, loaded.program(baseline.name), loaded.instances(split), sandbox)
            for id, objective in objectives.items():
                _refuse_impossible(loaded, id, entries[split.value][id], baseline.name, objective)
                entries[split.value][id].setdefault("baselines", {})[baseline.name] = objective
        if on_progress:
            on_progress("baselines", done, len(loaded.problem.baselines))
    ordered = {split.value: {i.id: entries[split.value][i.id] for i in loaded.instances(split)} for split in Split}
    path = loaded.folder / FILE
    temporary = path.with_suffix(".tmp")
    temporary.write_text(_render({"format": FORMAT, "made_with": _versions()}, ordered))
    temporary.replace(path)
    return path


def _objectives(
    loaded: catalog.LoadedProblem, program: Program, instances: Sequence[Instance], sandbox: Sandbox
) -> dict[str, float | None]:
    """Objective by instance id; None where the program failed, and a new process after that."""
    found: dict[str, float | None] = {}
    waiting = list(instances)
    while waiting:
        with sandbox.open(program, loaded.problem.limits) as session:
            while waiting:
                instance = waiting.pop(0)
                session.next_instance()
                try:
                    found[instance.id] = float(loaded.problem.verifier.run(instance, session).objective)
                except Infeasible:
                    found[instance.id] = None
                except PolicyFailure:
                    found[instance.id] = None
                    break
    return found


def _refuse_impossible(loaded: catalog.LoadedProblem, id: str, entry: dict[str, Any], name: str, objective: float | None) -> None:
    if objective is None or entry["status"] == "best_known":
        return
    better = entry["value"] - objective if loaded.problem.sense == "min" else objective - entry["value"]
    if better > 1e-6 * max(1.0, abs(entry["value"])):
        raise ProblemError(
            f"{loaded.slug}: on {id} the baseline {name} ({objective}) is better than the {entry['status']} reference "
            f"({entry['value']}): solver or verifier is wrong"
        )


def _solve(folder: str, split: Split, id: str) -> dict[str, Any]:
    loaded = catalog.load(folder)
    instance = next(i for i in loaded.instances(split) if i.id == id)
    began = time.perf_counter()
    reference = loaded.problem.solve(instance)
    if not math.isfinite(reference.value):
        raise ProblemError(f"{loaded.slug}: the reference of {id} is {reference.value}")
    seconds = reference.seconds or time.perf_counter() - began
    return {"value": reference.value, "status": reference.status, "solver": reference.solver, "seconds": round(seconds, 3)}


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in SOLVERS:
        try:
            found[name.lower()] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _render(head: dict[str, Any], splits: dict[str, dict[str, Any]]) -> str:
    """JSON with one instance a line, so that a change reads as a diff."""
    lines = ["{"] + [f' "{key}": {json.dumps(value)},' for key, value in head.items()] + [' "splits": {']
    for number, (split, entries) in enumerate(splits.items()):
        lines.append(f'  "{split}": {{')
        lines.append(",\n".join(f"   {json.dumps(id)}: {json.dumps(entry)}" for id, entry in entries.items()))
        lines.append("  }" + ("," if number < len(splits) - 1 else ""))
    return "\n".join([*lines, " }", "}"]) + "\n"
