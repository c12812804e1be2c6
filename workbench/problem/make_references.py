"""Creates references.json: solves every instance and runs every baseline in the sandbox."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import platform
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import Pipe, active_children, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from workbench.errors import Infeasible, PolicyFailure, ProblemError
from workbench.model import Instance, Program, Split
from workbench.problem import catalog
from workbench.problem.measuring import measure
from workbench.problem.references import FILE, FORMAT, PARTIAL
from workbench.protocols import Sandbox

SOLVERS = ("numpy", "ortools", "PuLP", "simpy", "highspy", "pyvrp")
BEAT = 5.0
"""Longest interval between progress reports, in seconds."""

Key = tuple[Split, str]
Entry = dict[str, Any]


def make_references(
    loaded: catalog.LoadedProblem,
    sandbox: Sandbox,
    *,
    workers: int = 1,
    missing: bool = False,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Solve every instance of all four splits, run every baseline, and write the file atomically.

    Intermediate results are kept in a hidden file; after an interruption the next call continues from it.

    Parameters
    ----------
    missing
        Keep existing entries and add only missing ones.
    on_progress
        Called with the stage, the number of finished entries and the total, at the start and every few seconds.
    """
    tell = on_progress or (lambda stage, done, total: None)
    path, names = loaded.folder / FILE, [b.name for b in loaded.problem.baselines]
    instances = {(split, i.id): i for split in Split for i in loaded.all_tiers(split)}
    parts = _parts(loaded, instances)
    head: dict[str, Any] = {"format": FORMAT, "made_with": _versions()}
    entries: dict[Key, Entry] = {key: {} for key in instances}
    if missing and path.exists():
        head = {name: value for name, value in loaded.references.raw.items() if name != "splits"}
        for split, id in entries:
            entries[split, id] = loaded.references.raw["splits"].get(split.value, {}).get(id, {})
        others = head.get("added_with", [])
        lacks = any("value" not in e or not {*names} <= {*e.get("baselines", ())} for e in entries.values())
        if lacks and _versions() not in [head.get("made_with"), *others]:
            head["added_with"] = [*others, _versions()]
    partial = _Partial(loaded)
    entries = {key: _joined(partial.found(instances[key]), entry) for key, entry in entries.items()}

    waiting = [key for key, entry in entries.items() if "value" not in entry]
    tell("solve", len(entries) - len(waiting), len(entries))
    with contextlib.closing(_solve_all(loaded, waiting, workers)) as solving:
        for solved in solving:
            if solved:
                key, entry = solved
                waiting.remove(key)
                entries[key] |= entry
                partial.add(instances[key], entry)
            tell("solve", len(entries) - len(waiting), len(entries))

    done = sum(name in entry["baselines"] for entry in entries.values() for name in names)
    tell("baselines", done, len(entries) * len(names))
    for name in names:
        for part, split, theirs in parts:
            lacking = [i for i in theirs if name not in entries[split, i.id]["baselines"]]
            for instance, objective in objectives(part, part.program(name), lacking, sandbox):
                entry = entries[split, instance.id]
                refuse_impossible(loaded, instance.id, entry, name, objective)
                entry["baselines"][name] = objective
                partial.add(instance, {"baselines": {name: objective}})
                tell("baselines", done := done + 1, len(entries) * len(names))

    for entry in entries.values():
        found = entry.pop("baselines")  # last in each line
        entry["baselines"] = {name: found[name] for name in names}
    ordered = {split.value: {i: entries[split, i] for s, i in instances if s is split} for split in Split}
    temporary = path.with_suffix(".tmp")
    temporary.write_text(_render(head, ordered), encoding="utf-8")
    temporary.replace(path)
    partial.drop()
    return path


def _parts(
    loaded: catalog.LoadedProblem, instances: Mapping[Key, Instance]
) -> list[tuple[catalog.LoadedProblem, Split, list[Instance]]]:
    """Divide the instances by the tier whose limits hold for a baseline."""
    tiers = {family: tier.name for tier in loaded.problem.tiers for family in tier.families}
    found: dict[tuple[str, Split], list[Instance]] = {}
    for (split, _), instance in instances.items():
        tier = tiers.get(instance.family, "") if split in (Split.TRAIN, Split.VALIDATION) else ""
        found.setdefault((tier, split), []).append(instance)
    return [(loaded.at(tier) if tier else loaded, split, theirs) for (tier, split), theirs in found.items()]


class _Partial:
    """Intermediate results: one JSON line each, keyed by a hash of the instance, the problem's code and solver versions.

    Raises
    ------
    ProblemError
        The problem's folder cannot be written.
    """

    def __init__(self, loaded: catalog.LoadedProblem) -> None:
        self._path = loaded.folder / PARTIAL
        self._code = f"{loaded.code} {json.dumps(_versions())}"
        self._found: dict[str, Entry] = {}
        try:
            self._file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise ProblemError(f"{loaded.slug}: {self._path} cannot be written: {error.strerror}") from error
        self._file.seek(0)
        for line in self._file:
            with contextlib.suppress(ValueError):  # incomplete line: a process was killed while writing
                key, entry = json.loads(line)
                self._found[key] = _joined(self._found.get(key, {}), entry)

    def found(self, instance: Instance) -> Entry:
        return self._found.get(self._key(instance), {})

    def add(self, instance: Instance, entry: Entry) -> None:
        self._file.write("\n" + json.dumps([self._key(instance), entry]))  # newline first: the previous line may be incomplete
        self._file.flush()

    def drop(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _key(self, instance: Instance) -> str:
        text = json.dumps([self._code, instance.id, instance.family, instance.data])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _joined(first: Entry, second: Entry) -> Entry:
    """Merge two entries; the second takes precedence."""
    return {**first, **second, "baselines": {**first.get("baselines", {}), **second.get("baselines", {})}}


def _solve_all(loaded: catalog.LoadedProblem, keys: Sequence[Key], workers: int) -> Generator[tuple[Key, Entry] | None]:
    """Yield each instance as soon as it is solved, and None after an interval without results.

    Solvers run in separate processes: OR-Tools and HiGHS cannot share one.
    """
    reader, writer = Pipe(duplex=False)
    with reader, writer, ProcessPoolExecutor(workers, get_context("spawn"), _begin, (reader,)) as pool:
        try:
            waiting = {pool.submit(_solve, str(loaded.folder), *key): key for key in keys}
            while waiting:
                done, _ = wait(waiting, BEAT, FIRST_COMPLETED)
                for future in [future for future in waiting if future in done]:  # in order, so that the first failure is told
                    yield waiting.pop(future), future.result()
                if not done:
                    yield None
        except BrokenProcessPool as error:
            raise ProblemError(
                f"{loaded.slug}: a solver process died (out of memory?); results so far are kept, run the same command to continue"
            ) from error
        except BaseException:  # Ctrl-C, a solver's error
            writer.close()  # ends the processes now instead of after the last instance
            raise


def _begin(alive: Connection) -> None:
    """Set up a solver process: low priority, unaffected by Ctrl-C in the terminal, and ended together with its parent."""
    os.nice(5)
    os.setpgrp()
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()


def _end_with(alive: Connection) -> None:
    alive.poll(None)  # blocks until the other end is closed: nothing is ever sent
    for process in active_children():
        process.kill()
    os._exit(1)


def objectives(
    loaded: catalog.LoadedProblem, program: Program, instances: Sequence[Instance], sandbox: Sandbox
) -> Iterator[tuple[Instance, float | None]]:
    """Yield each instance with its objective, or None if the program failed; a crashed process is replaced."""
    waiting = list(instances)
    while waiting:
        with sandbox.open(program, loaded.problem.limits) as session:
            while waiting:
                instance = waiting.pop(0)
                session.next_instance()
                try:
                    yield instance, float(measure(loaded, instance, session).objective)
                except Infeasible:
                    yield instance, None
                except PolicyFailure:
                    yield instance, None
                    break


def refuse_impossible(loaded: catalog.LoadedProblem, id: str, entry: Entry, name: str, objective: float | None) -> None:
    if objective is None or entry["status"] == "best_known":
        return
    better = entry["value"] - objective if loaded.problem.sense == "min" else objective - entry["value"]
    if better > 1e-6 * max(1.0, abs(entry["value"])):
        raise ProblemError(
            f"{loaded.slug}: on instance {id} the baseline {name} ({objective}) beats the {entry['status']} reference "
            f"({entry['value']}): fix the solver or the verifier"
        )


def _solve(folder: str, split: Split, id: str) -> Entry:
    loaded = catalog.load(folder)
    instance = next(i for i in loaded.all_tiers(split) if i.id == id)
    began = time.perf_counter()
    try:
        reference = loaded.problem.solve(instance)
    except ProblemError:
        raise
    except Exception as error:
        raise ProblemError(f"{loaded.slug}: solving {id} failed: {type(error).__name__}: {error}") from error
    if not math.isfinite(reference.value):
        raise ProblemError(f"{loaded.slug}: the reference of instance {id} must be finite, got {reference.value}")
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


def _render(head: dict[str, Any], splits: dict[str, dict[str, Entry]]) -> str:
    """Format the file as JSON with one instance per line, for readable diffs."""
    lines = ["{"] + [f' "{key}": {json.dumps(value)},' for key, value in head.items()] + [' "splits": {']
    for number, (split, entries) in enumerate(splits.items()):
        lines.append(f'  "{split}": {{')
        lines.append(",\n".join(f"   {json.dumps(id)}: {json.dumps(entry)}" for id, entry in entries.items()))
        lines.append("  }" + ("," if number < len(splits) - 1 else ""))
    return "\n".join([*lines, " }", "}"]) + "\n"
