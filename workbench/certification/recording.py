"""Keeps what a program decides on each instance, so that two runs can be compared decision by decision."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from workbench.model import Limits, Program
from workbench.protocols import Sandbox, Session

_KEPT = 1 << 20
"""Bytes of decisions on one instance that are kept as they are; of all further ones there is only the hash."""
_RELATIVE, _ABSOLUTE = 1e-9, 1e-12
"""By how much two floats may differ that count as one: sums in numpy depend in the last digits on where an array lies in memory."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a program decided on one instance, in order; `kept` is the first part of it, as JSON."""

    count: int
    digest: bytes
    kept: tuple[str, ...]


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


class Recorder:
    """A sandbox that keeps the decisions of its programs.

    Parameters
    ----------
    sandbox
        What runs the programs.
    memory
        Factor on the memory that they may use.
    """

    def __init__(self, sandbox: Sandbox, memory: int = 1) -> None:
        self._sandbox, self._memory = sandbox, memory
        self.isolation = sandbox.isolation
        self._forget()

    @contextlib.contextmanager
    def open(self, program: Program, limits: Limits) -> Iterator[Session]:
        """As the sandbox that runs the program."""
        self._forget()
        with self._sandbox.open(program, replace(limits, memory_mb=limits.memory_mb * self._memory)) as session:
            yield _Recorded(session, self)

    def close(self) -> None:
        """As the sandbox that runs the programs."""
        self._sandbox.close()

    def taken(self) -> Decisions:
        """Decisions on the instance that ran last."""
        return Decisions(self._count, self._hash.digest(), tuple(self._kept))

    def add(self, answer: Any) -> None:
        """Keep one decision."""
        text = json.dumps(answer, separators=(",", ":"))
        self._hash.update(text.encode() + b"\n")
        self._count += 1
        self._size += len(text)
        if self._size <= _KEPT:
            self._kept.append(text)

    def _forget(self) -> None:
        self._count = self._size = 0
        self._hash = hashlib.blake2b(digest_size=16)
        self._kept: list[str] = []

    def begin(self) -> None:
        """Start with another instance."""
        self._forget()


class _Recorded:
    """A session whose answers are kept."""

    def __init__(self, session: Session, recorder: Recorder) -> None:
        self._session, self._recorder = session, recorder
        self.begin = session.begin
        self.usage = session.usage

    def __call__(self, *args: Any) -> Any:
        answer = self._session(*args)
        self._recorder.add(answer)
        return answer

    def call(self, method: str, *args: Any) -> Any:
        answer = self._session.call(method, *args)
        self._recorder.add(answer)
        return answer

    def next_instance(self) -> None:
        self._recorder.begin()
        self._session.next_instance()

    @property
    def seconds(self) -> float:
        return self._session.seconds
