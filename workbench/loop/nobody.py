"""A proposer for attempts that need none."""

from __future__ import annotations

import random
from collections.abc import Callable

from workbench.model import Brief, Program, Reply, Task


class Nobody:
    """Proposes nothing: the attempts of its run come from the user."""

    label, concurrency, repairs, uses_model, ordered = "nobody", 1, False, False, False

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Do nothing."""

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Answer with no program, which is rejected."""
        return Reply("nobody", text="")

    def close(self) -> None:
        """Do nothing."""
