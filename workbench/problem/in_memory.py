"""Problems defined in Python, for example in a notebook: the `Problem` object contains everything a folder would."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from workbench.errors import ProblemError, UsageError
from workbench.model import Problem, Program, Split
from workbench.problem.catalog import LoadedProblem
from workbench.problem.make_references import objectives, refuse_impossible
from workbench.problem.references import FORMAT, References
from workbench.protocols import Sandbox

FOLDER = Path("(in memory)")
"""Placeholder for the folder of such a problem."""


class InMemoryProblem(LoadedProblem):
    """A problem without a folder. It is evaluated in the process that defined it, because no other process can load it.

    Parameters
    ----------
    problem
        Its `programs` must contain the sources of its initial programs and baselines.
    sandbox
        Sandbox in which the baselines are run once, for the references.

    Raises
    ------
    ProblemError
        An initial program or baseline has no source, or the references cannot be computed.
    """

    in_memory = True

    def __init__(self, problem: Problem, sandbox: Sandbox) -> None:
        super().__init__(FOLDER, problem)
        if not re.fullmatch(r"[a-z0-9_]+/[a-z0-9_]+", problem.slug):
            raise ProblemError(f"the problem ID {problem.slug!r} must have the form domain/name, in lower case")
        if problem.tiers:
            raise ProblemError(f"{problem.slug}: only a problem with a folder has tiers: evolve new makes one")
        named = [*problem.seeds, *(b.name for b in problem.baselines)]
        if missing := [name for name in named if name not in problem.programs]:
            raise ProblemError(
                f"{problem.slug}: no source for {', '.join(missing)}; pass it as Problem(..., programs={{name: source}})"
            )
        splits = {s.value: dict(self._entries(s, sandbox)) for s in Split}
        self._raw: dict[str, Any] = {"format": FORMAT, "splits": splits}

    @property
    def statement(self) -> str:
        """The task in markdown, as shown in prompts and in the dashboard."""
        return self.problem.statement or self.problem.question

    @property
    def hints(self) -> tuple[str, ...]:
        """Hints by level."""
        return self.problem.hints

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of the programs, sorted."""
        return tuple(sorted(self.problem.programs))

    def program(self, name: str) -> Program:
        """Return a program by name."""
        try:
            return Program(self.problem.programs[name], self.problem.entry)
        except KeyError as error:
            raise UsageError(f"{self.slug}: no program {name!r}; available: {', '.join(self.programs)}") from error

    def gate(self, seed: int) -> tuple[dict[str, str], tuple[Any, ...]]:
        """Raise `ProblemError`: the robustness filter needs the `gate.py` of a problem folder."""
        raise ProblemError(f"{self.slug} is defined in Python and has no gate.py: run it without the robustness filter")

    @cached_property
    def references(self) -> References:
        """References and baseline objectives of all instances."""
        return References(self.folder, self.problem, self.instances, self._raw)

    @cached_property
    def version(self) -> str:
        """Hash of statement, instances, references and the verifier's methods; functions that these call are not included."""
        p = self.problem
        question = [p.slug, self.statement, p.entry, p.sense, p.unit, p.limits.seconds, p.limits.memory_mb, sorted(p.modules)]
        instances = {s.value: [[i.id, i.family, dict(i.data)] for i in self.instances(s)] for s in Split}
        values = {s: {id: entry["value"] for id, entry in known.items()} for s, known in self._raw["splits"].items()}
        parts = [question, instances, values]
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
        for code in _code(type(p.verifier)):
            digest.update(code)
        return digest.hexdigest()[:12]

    @property
    def code(self) -> str:
        """Same as `version`: references are not stored in a file."""
        return self.version

    def _entries(self, split: Split, sandbox: Sandbox) -> Iterable[tuple[str, Mapping[str, Any]]]:
        instances = self.instances(split)
        names = [b.name for b in self.problem.baselines]
        found = {n: {i.id: o for i, o in objectives(self, self.program(n), instances, sandbox)} for n in names}
        for instance in instances:
            began = time.perf_counter()
            try:
                reference = self.problem.solve(instance)
            except Exception as error:
                raise ProblemError(f"{self.slug}: solving {instance.id} failed: {type(error).__name__}: {error}") from error
            if not math.isfinite(reference.value):
                raise ProblemError(f"{self.slug}: the reference of instance {instance.id} must be finite, got {reference.value}")
            entry = {
                "value": reference.value, "status": reference.status, "solver": reference.solver,
                "seconds": reference.seconds or time.perf_counter() - began,
                "baselines": {name: found[name][instance.id] for name in names},
            }  # fmt: skip
            for name in names:
                refuse_impossible(self, instance.id, entry, name, found[name][instance.id])
            yield instance.id, entry


def _code(cls: type) -> Iterable[bytes]:
    """Yield name, byte code and constants of each method of a class, sorted by name."""
    for name in sorted(vars(cls)):
        code = getattr(vars(cls)[name], "__code__", None)
        if code is not None:
            constants = [c for c in code.co_consts if isinstance(c, str | int | float | tuple)]
            yield name.encode() + code.co_code + repr(constants).encode()
