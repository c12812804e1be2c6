"""Makes references.json: solves each instance and runs each baseline through the sandbox."""

from __future__ import annotations

import json
import math
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from workbench import catalog
from workbench.errors import Infeasible, PolicyFailure, ProblemError
from workbench.model import Split
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
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(_solve, str(loaded.folder), split, i.id): (split, i.id) for split, i in instances}
        for done, future in enumerate(as_completed(futures), 1):
            split, id = futures[future]
            entries[split.value][id] = future.result()
            if on_progress:
                on_progress("solve", done, len(futures))
    for done, (split, instance) in enumerate(instances, 1):
        entry = entries[split.value][instance.id]
        entry["baselines"] = {}
        for baseline in loaded.problem.baselines:
            try:
                with sandbox.open(loaded.program(baseline.name), loaded.problem.limits) as session:
                    session.next_instance()
                    objective = float(loaded.problem.verifier.run(instance, session).objective)
            except (Infeasible, PolicyFailure):
                entry["baselines"][baseline.name] = None
                continue
            entry["baselines"][baseline.name] = objective
            better = objective - entry["value"] if loaded.problem.sense == "min" else entry["value"] - objective
            if better < -1e-6 * max(1.0, abs(entry["value"])) and entry["status"] != "best_known":
                raise ProblemError(
                    f"{loaded.slug}: on {instance.id} the baseline {baseline.name} ({objective}) is better than the "
                    f"{entry['status']} reference ({entry['value']}): solver or verifier is wrong"
                )
        if on_progress:
            on_progress("baselines", done, len(instances))
    ordered = {split.value: {i.id: entries[split.value][i.id] for i in loaded.instances(split)} for split in Split}
    path = loaded.folder / FILE
    temporary = path.with_suffix(".tmp")
    temporary.write_text(_render({"format": FORMAT, "made_with": _versions()}, ordered))
    temporary.replace(path)
    return path


def _solve(folder: str, split: Split, id: str) -> dict[str, Any]:
    loaded = catalog.load(folder)
    os.nice(5)
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
