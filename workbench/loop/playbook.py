"""Keeps the playbook of a run: who saw which lesson, what became of it, and when a model is asked for new lessons."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from workbench.errors import UsageError
from workbench.learning.memory import Memory
from workbench.learning.playbook import Playbook, result_of
from workbench.loop.budget import Budget
from workbench.loop.context import RunContext
from workbench.model import Call, Candidate, Prompt, Trial
from workbench.proposers.reflecting import reflection
from workbench.protocols import Proposer
from workbench.store import Origin

EVERY = 8
"""Attempts between two requests for lessons."""
REFLECT = "reflect"
"""Operator of the model calls that ask for lessons: they cost money but make no attempt."""
_NOTHING = frozenset[int]()


class Keeper:
    """Shows lessons to attempts, counts what became of them, and asks for new ones beside the search.

    Without a file it does nothing; a proposer that cannot reflect is shown the lessons of the file.
    """

    def __init__(self, context: RunContext, proposer: Proposer, budget: Budget) -> None:
        self._context, self._budget = context, budget
        self._path = Path(context.options.playbook) if context.options.playbook and proposer.uses_model else None
        self._reflect: Callable[[Prompt, random.Random], Call] | None = getattr(proposer, "reflect", None)
        self._book = read(self._path) if self._path else Playbook()
        self._shown: dict[int, tuple[frozenset[int], frozenset[int]]] = {}
        self._newest: tuple[Trial, ...] = ()
        self._new = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reflect")
        self._asked: Future[Call] | None = None

    def lessons(self, number: int) -> tuple[str, ...]:
        """Return the lessons that an attempt sees."""
        if not self._path:
            return ()
        self._poll()
        drawn = self._book.draw(random.Random(f"{self._context.options.seed}/{number}/lessons"))
        self._shown[number] = frozenset(x.number for x in drawn), frozenset(x.number for x in self._book.lessons)
        return tuple(lesson.text for lesson in drawn)

    def tell(self, candidate: Candidate, memory: Memory) -> None:
        """Count what became of an attempt; those from before the run was resumed are in the file."""
        shown, since = self._shown.pop(candidate.number, (_NOTHING, _NOTHING))
        if self._path and (result := result_of(candidate)) is not None:
            self._book = self._book.told(result, shown, since)
            self._new, self._newest = self._new + 1, memory.newest(3 * EVERY)
        self._poll()

    def _poll(self) -> None:
        """Use an answer, and ask for the next lessons when enough attempts have ended."""
        if self._asked and self._asked.done():
            call, self._asked = self._asked.result(), None
            self._context.store.add_call(self._context.run, -1, Origin(), REFLECT, call)
            self._budget.add(call)
            if not call.error:
                self._book = self._book.revised(call.text)
                self._keep()
        if self._path and self._reflect and not self._asked and self._new >= EVERY and self._budget.admits(1):
            self._new = 0
            prompt = reflection(self._context.loaded.brief, self._newest, self._book)
            rng = random.Random(f"{self._context.options.seed} {self._budget.calls}")
            self._asked = self._thread.submit(self._reflect, prompt, rng)

    def finish(self, heartbeat: Callable[[], None]) -> None:
        """Wait for what was asked, and write the file."""
        while self._asked:
            wait([self._asked], timeout=1.0)
            heartbeat()
            self._new = 0
            self._poll()
        self._thread.shutdown(wait=False)
        if self._path:
            self._keep()

    def _keep(self) -> None:
        """Write the file, and the lessons into the log of the run."""
        assert self._path
        written = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            written.write_text(self._book.text(), encoding="utf-8")
            written.replace(self._path)
        except OSError as error:
            self._context.store.log(self._context.run, "error", f"the playbook {self._path} cannot be written: {error.strerror}")
        self._context.store.keep_lessons(self._context.run, {x.number: str(x) for x in self._book.lessons})


def read(path: Path) -> Playbook:
    """Read a playbook; an empty one if there is no file yet.

    Raises
    ------
    UsageError
        It cannot be read, or cannot be written where it is named.
    """
    if not path.parent.is_dir():
        raise UsageError(f"--playbook {path}: there is no folder {path.parent}")
    try:
        return Playbook.parse(path.read_text("utf-8"), str(path)) if path.exists() else Playbook()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--playbook {path} cannot be read: {error}") from error
