"""The programs of another project's search as a proposer: each is an attempt, scored again here."""

from __future__ import annotations

import random
from collections.abc import Callable

from workbench.engines.records import Recorded
from workbench.model import Brief, Program, Reply, Task
from workbench.values import IMPORT


class Imported:
    """Proposes recorded programs in their order; what is no Python is refused.

    Parameters
    ----------
    first
        Number of the attempt that the first program gets.
    """

    concurrency, repairs, uses_model, ordered = 1, False, False, True

    def __init__(self, recorded: Recorded, first: int) -> None:
        self.label = f"imported from {recorded.kind} ({recorded.path.name})"
        self._programs, self._first = recorded.programs, first
        self._numbers = {one.id: first + k for k, one in enumerate(recorded.programs)}

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Store what a program must define."""
        self._entry = brief.entry

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Return the program of an attempt."""
        one = self._programs[task.number - self._first]
        parent = self._numbers.get(one.parent or "")
        parents = (parent,) if parent is not None and parent < task.number else ()
        there = "" if one.score is None else f", score {one.score:.6g} there"
        idea = f"imported: {one.id[:40]}{there}"
        if one.language.lower() not in ("python", "py"):
            return Reply(IMPORT, parents=parents, idea=idea, refusal=f"it is written in {one.language[:40]}, not in Python")
        return Reply(IMPORT, program=Program(one.source, self._entry), parents=parents, idea=idea)

    def close(self) -> None:
        """Do nothing."""
