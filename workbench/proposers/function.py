"""A function as a proposer, the simplest way to try an idea."""

from __future__ import annotations

import random
from collections.abc import Callable

from workbench.model import Brief, Call, Program, Prompt, Reply, Task


class Function:
    """Wraps a function from a task to text: a whole program or edits of the parent, like a model's reply.

    Parameters
    ----------
    function
        Called from one thread, in the order of attempts. An exception becomes the attempt's error.
    """

    concurrency = 1
    repairs = False
    uses_model = False
    ordered = True

    def __init__(self, function: Callable[[Task], str]) -> None:
        self._function = function
        where = getattr(function, "__module__", type(function).__module__)
        self.label = f"{where}:{getattr(function, '__qualname__', type(function).__qualname__)}"

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Do nothing."""

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Call the function; an exception, or a result other than text, is recorded as the attempt's error."""
        parents = (task.selection.parent.number,)
        try:
            text = self._function(task)
            error = "" if isinstance(text, str) else f"{self.label} returned {type(text).__name__}, not text"
        except Exception as raised:
            text, error = "", f"{type(raised).__name__}: {raised}"
        if error:
            return Reply("rewrite", call=Call(self.label, Prompt("", ""), "", cost_usd=0.0, error=error), parents=parents)
        return Reply("rewrite", text, parents=parents)

    def close(self) -> None:
        """Do nothing."""
