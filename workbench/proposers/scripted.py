"""Prepared replies as a proposer, for tests."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Sequence

from workbench.model import Brief, Call, Program, Prompt, Reply, Task
from workbench.proposers.prompt import build


class Scripted:
    """Returns prepared replies in order; when none are left, every call fails.

    In a run, `prompts` contains the prompts that a model would have received; without `begin` they are empty.

    Parameters
    ----------
    replies
        Texts of the answers. An exception represents a failed call with its message.
    delay
        Duration of every call, in seconds.
    cost_usd
        Cost of every call.
    lessons
        Texts of the answers to reflections.
    """

    label = "scripted"
    uses_model = True
    ordered = False

    def __init__(
        self,
        replies: Sequence[str | Exception],
        delay: float = 0.0,
        concurrency: int = 1,
        repairs: bool = True,
        cost_usd: float | None = None,
        lessons: Sequence[str] = (),
    ) -> None:
        self.concurrency, self.repairs = concurrency, repairs
        self.prompts: list[Prompt] = []
        self.reflections: list[Prompt] = []
        self._replies, self._lessons = deque(replies), deque(lessons)
        self._brief: Brief | None = None
        self._delay, self._cost_usd = delay, cost_usd
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Store the problem for the prompts."""
        self._brief = brief

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Return the next reply; draws nothing from `rng`."""
        prompt = build(self._brief, task, "full") if self._brief else Prompt("", "")
        with self._lock:
            self.prompts.append(prompt)
            reply = self._replies.popleft() if self._replies else LookupError("no more scripted replies")
        if self._delay:
            self._closed.wait(self._delay)
        text, error = (reply, "") if isinstance(reply, str) else ("", f"{type(reply).__name__}: {reply}")
        call = Call(self.label, prompt, text, len(prompt.user) // 4, len(text) // 4, self._cost_usd, self._delay, error=error)
        return Reply("repair" if task.failure else "rewrite", text, call=call, parents=(task.selection.parent.number,))

    def reflect(self, prompt: Prompt, rng: random.Random) -> Call:
        """Return the next of the answers to reflections; none when there are no more."""
        with self._lock:
            self.reflections.append(prompt)
            text = self._lessons.popleft() if self._lessons else "none"
        return Call(self.label, prompt, text, len(prompt.user) // 4, len(text) // 4, self._cost_usd)

    def close(self) -> None:
        """End all delays immediately."""
        self._closed.set()
