"""Keeps what a program decides on each instance, so that two runs can be compared decision by decision."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from workbench.evaluation.evaluate import evaluate
from workbench.model import Decisions, Limits, Program, Report, Split
from workbench.problem.catalog import LoadedProblem
from workbench.protocols import Sandbox, Session

_KEPT = 1 << 20
"""Bytes of decisions on one instance that are kept as they are; of all further ones there is only the hash."""
_RELATIVE, _ABSOLUTE = 1e-9, 1e-12
"""By how much two floats may differ that count as one: sums in numpy depend in the last digits on where an array lies in memory."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first decision on which two runs differ, counted from 1, with both as JSON; empty where only hashes are known."""

    number: int
    first: str
    second: str


def difference(first: Decisions, second: Decisions) -> Difference | None:
    """Where two runs differ; None where they agree, floats up to rounding."""
    if first.digest == second.digest:
        return None
    for number, (one, other) in enumerate(zip(first.kept, second.kept, strict=False), 1):
        if one != other and not _alike(json.loads(one), json.loads(other)):
            return Difference(number, one, other)
    if first.count == second.count == len(first.kept) == len(second.kept):
        return None
    return Difference(min(len(first.kept), len(second.kept)) + 1, "", "")


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    return type(one) is type(other) and bool(one == other)


def recorded(loaded: LoadedProblem, program: Program, split: Split, sandbox: Sandbox, **options: Any) -> Report:
    """As `evaluate`, with the program's decisions in each result."""
    recorder, decisions = _Recorder(sandbox), dict[str, Decisions]()
    report = evaluate(
        loaded, program, split, recorder, on_result=lambda result: decisions.update({result.id: recorder.taken()}), **options
    )
    return replace(report, results=tuple(replace(result, decisions=decisions.get(result.id)) for result in report.results))


class _Recorder:
    """A sandbox that keeps the decisions of its programs on one instance."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.isolation = sandbox.isolation
        self.forget()

    @contextlib.contextmanager
    def open(self, program: Program, limits: Limits) -> Iterator[Session]:
        """As the sandbox that runs the program."""
        self.forget()
        with self._sandbox.open(program, limits) as session:
            yield _Recorded(session, self)

    def close(self) -> None:
        """As the sandbox that runs the programs."""
        self._sandbox.close()

    def forget(self) -> None:
        """Start with another instance."""
        self._count = self._size = 0
        self._hash = hashlib.blake2b(digest_size=16)
        self._kept: list[str] = []

    def add(self, answer: Any) -> None:
        """Keep one decision."""
        text = json.dumps(answer, separators=(",", ":"))
        self._hash.update(text.encode() + b"\n")
        self._count += 1
        self._size += len(text)
        if self._size <= _KEPT:
            self._kept.append(text)

    def taken(self) -> Decisions:
        """Decisions on the instance that ran last."""
        return Decisions(self._count, self._hash.digest(), tuple(self._kept))


class _Recorded:
    """A session whose answers are kept."""

    def __init__(self, session: Session, recorder: _Recorder) -> None:
        self._session, self._recorder = session, recorder
        self.begin = session.begin
        self.usage = session.usage
        self.printed = session.printed

    def __call__(self, *args: Any) -> Any:
        answer = self._session(*args)
        self._recorder.add(answer)
        return answer

    def call(self, method: str, *args: Any) -> Any:
        answer = self._session.call(method, *args)
        self._recorder.add(answer)
        return answer

    def next_instance(self) -> None:
        self._recorder.forget()
        self._session.next_instance()

    @property
    def seconds(self) -> float:
        return self._session.seconds

    @property
    def cpu_seconds(self) -> float | None:
        return self._session.cpu_seconds
