"""Several proposers in one run, each with a share of the attempts."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from workbench.errors import UsageError
from workbench.model import Brief, Call, Program, Prompt, Reply, Task
from workbench.protocols import Proposer


class Part(NamedTuple):
    """A proposer with its name in records, and its first share, up to a common factor."""

    name: str
    weight: float
    proposer: Proposer


class Mixed:
    """Several proposers. A run decides by what pays which of them makes the next attempt; here it is drawn by the first shares.

    Raises
    ------
    UsageError
        Two of them have the same name, or a share is not above 0.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        names = [part.name for part in parts]
        if repeated := next((name for name in names if names.count(name) > 1), None):
            raise UsageError(f"--proposer names {repeated!r} twice: give it one share")
        if wrong := next((part for part in parts if not 0 < part.weight < float("inf")), None):
            raise UsageError(f"--proposer {wrong.name}*{wrong.weight:g}: a share must be above 0")
        self.parts = tuple(parts)
        self.label = " + ".join(dict.fromkeys(part.proposer.label for part in parts))
        self.concurrency = sum(part.proposer.concurrency for part in parts)
        self.repairs = any(part.proposer.repairs for part in parts)
        self.uses_model = any(part.proposer.uses_model for part in parts)
        self.ordered = all(part.proposer.ordered for part in parts)

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Prepare all of them."""
        for part in self.parts:
            part.proposer.begin(brief, known)

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Let one of them answer, drawn by the first shares."""
        asked = [part for part in self.parts if part.proposer.concurrency] or self.parts
        (part,) = rng.choices(asked, [part.weight for part in asked])
        return part.proposer.propose(task, rng)

    def check(self) -> tuple[Call, ...]:
        """Check the models of all that can."""
        return tuple(call for part in self.parts if hasattr(part.proposer, "check") for call in part.proposer.check())

    @property
    def reflect(self) -> Callable[[Prompt, random.Random], Call]:
        """Ask a model of the first that has one something about the search."""
        for part in self.parts:
            found: Callable[[Prompt, random.Random], Call] | None = getattr(part.proposer, "reflect", None)
            if found:
                return found
        raise AttributeError("none of the proposers reflects")

    def news(self) -> tuple[str, ...]:
        """What all of them have to tell."""
        return tuple(line for part in self.parts if hasattr(part.proposer, "news") for line in part.proposer.news())

    def close(self) -> None:
        """Close all of them."""
        for part in self.parts:
            part.proposer.close()
