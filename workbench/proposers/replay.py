"""Proposes again what an earlier run was answered."""

from __future__ import annotations

import random
from collections.abc import Callable

from workbench.model import Brief, Call, Program, Prompt, Reply, Task


class Replay:
    """The answers of a recorded run: no model is called and nothing is paid.

    Parameters
    ----------
    lookup
        Gives an attempt's recorded reply, call or program; None where the run has none.
    label
        How the run shows it.
    """

    repairs = False  # a repair is an attempt of its own in the recorded run
    concurrency = 1  # one at a time: the order is part of what is replayed
    uses_model = False
    ordered = False  # by a seed: its order is that of the recorded run

    def __init__(self, lookup: Callable[[int], Reply | Call | Program | None], label: str = "replay") -> None:
        self.label = label
        self._lookup = lookup

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Nothing to prepare: all was answered already."""

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Answer attempt `task.number` as it was answered; draws nothing from `rng`."""
        found = self._lookup(task.number)
        parents = (task.selection.parent.number,)
        if isinstance(found, Reply):
            return found
        if isinstance(found, Call):
            return Reply("replay", found.text, call=found, parents=parents)
        if isinstance(found, Program):
            return Reply("replay", program=found, parents=parents)
        missing = Call(self.label, Prompt("", ""), "", error=f"the replayed run has no answer for attempt {task.number}")
        return Reply("replay", call=missing, parents=parents)

    def close(self) -> None:
        """Nothing to let go of."""
