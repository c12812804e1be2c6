"""Recorded answers of an earlier run as a proposer."""

from __future__ import annotations

import random
from collections.abc import Callable

from workbench.model import Brief, Call, Program, Prompt, Reply, Task


class Replay:
    """Answers of a recorded run: no model is called, at no cost.

    Parameters
    ----------
    lookup
        Returns the recorded reply, call or program of an attempt; None if there is none.
    label
        Name shown to users.
    """

    repairs = False  # a repair is a separate attempt of the recorded run
    concurrency = 1  # sequential: the order is part of the replay
    uses_model = False
    ordered = False  # the order is that of the recorded run, not given by a seed

    def __init__(self, lookup: Callable[[int], Reply | Call | Program | None], label: str = "replay") -> None:
        self.label = label
        self._lookup = lookup

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Do nothing: all answers are recorded."""

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Return the recorded answer for attempt `task.number`; draws nothing from `rng`."""
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
        """Do nothing."""
