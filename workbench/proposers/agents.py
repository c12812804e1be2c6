"""Proposals from outside: coding agents and people who take tickets."""

from __future__ import annotations

import random
from collections.abc import Callable

from workbench.model import Brief, Program, Reply, Task


class Agents:
    """Coding agents and people: each takes a ticket, a request with its prompt, and submits a program (evolve agent)."""

    label, concurrency, repairs, uses_model, ordered = "agents", 0, False, True, False

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Do nothing."""

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Answer with no program: nobody is asked, since `concurrency` is 0."""
        return Reply("agents", text="")

    def close(self) -> None:
        """Do nothing."""
