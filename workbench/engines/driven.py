"""An engine as the proposer and the strategy of a run, so that budgets, records and evaluation are those of any run."""

from __future__ import annotations

import contextlib
import queue
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager
from typing import Any, Protocol, cast

from workbench import engines
from workbench.engines.book import Book
from workbench.engines.process import EngineProcess
from workbench.engines.protocol import Known, Start
from workbench.errors import ModelError, UsageError
from workbench.model import Brief, Call, Candidate, Program, Prompt, Reply, Selection, Status, Task
from workbench.plugins import ENGINE, absolute
from workbench.proposers.prompt import described
from workbench.protocols import Proposer
from workbench.values import is_unverified

_PASSED_ON = ("check", "news")
"""What only some proposers have."""


class Reflecting(Proposer, Protocol):
    """A proposer that answers any prompt."""

    def reflect(self, prompt: Prompt, rng: random.Random) -> Call:
        """Ask a model something."""


class _Ended(Exception):
    """The run has ended; nobody waits for an answer."""


class _Slot:
    """One attempt of the run, which waits for an answer of the engine."""

    def __init__(self, number: int, rng: random.Random) -> None:
        self.number, self.rng = number, rng
        self.reply: Future[Reply] = Future()
        self.call: Call | None = None
        self.parents: tuple[int, ...] = ()

    def fill(self, reply: Reply) -> None:
        """Answer whoever waits, unless the engine has ended meanwhile."""
        with contextlib.suppress(InvalidStateError):
            self.reply.set_result(reply)


class Driven:
    """Lets an engine ask and propose whenever the run has an attempt for it.

    Each attempt is a slot: the engine's next question takes it, and the program that the engine makes of the answer fills it. So
    the run's budgets, its pauses and its end hold for the engine as for any proposer. Of the engine's outcomes only train is told.

    Parameters
    ----------
    name, options
        Arguments of `engines.make`.

    Raises
    ------
    UsageError
        As `engines.make`.
    """

    repairs, uses_model, ordered = False, True, False

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        name = absolute(name)  # the engine's process has another working directory
        engine = engines.make(name, options)
        self._name, self.options = name.removeprefix(ENGINE), dict(options)
        self._operator = self._name.rpartition(":")[2].lower()
        self._engine_label, self._most = engine.label, engine.concurrency
        self.label, self.concurrency = engine.label, 1
        self._seeds, self._told, self._best = 0, list[Known](), cast(Candidate | None, None)
        self._slots: queue.SimpleQueue[_Slot | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open: set[_Slot] = set()
        self._process: EngineProcess | None = None
        self._fault = ""

    def over(self, proposer: Proposer, seed: int, classes: tuple[str, ...]) -> Driven:
        """Return itself as the proposer of a run whose models `proposer` calls.

        Parameters
        ----------
        seed
            Random seed of the run.
        classes
            Instance class of each train instance, in order.

        Raises
        ------
        UsageError
            The proposer cannot be asked what an engine wants.
        """
        if not hasattr(proposer, "reflect"):
            raise UsageError(
                f"--engine {self._name} asks language models: name one with --model, or --model local for one of this machine"
            )
        self._model, self._seed, self._classes = cast(Reflecting, proposer), seed, classes
        self.label = f"{proposer.label} by {self._engine_label}"
        self.concurrency = min(proposer.concurrency, self._most) if self._most else proposer.concurrency
        return self

    def __getattr__(self, name: str) -> Any:
        if name in _PASSED_ON and "_model" in self.__dict__:
            return getattr(self._model, name)
        raise AttributeError(name)

    # ------------------------------------------------------------------ as a strategy

    def ask(self, rng: random.Random) -> Selection:
        """Return the best program so far; the engine chooses the parent."""
        if self._best is None:
            raise UsageError("no initial program is valid: fix the initial programs of the run")
        return Selection(self._best)

    def tell(self, candidate: Candidate) -> None:
        """Note an attempt, and let the engine know."""
        outcome = self._book.add(candidate)
        if candidate.status is not Status.OK or candidate.program is None:
            return
        if self._best is None or candidate.gap < self._best.gap:
            self._best = candidate
        if self._process is None and outcome:
            self._seeds += candidate.operator == "seed"
            parent = candidate.parents[0] if candidate.parents else None
            self._told.append(Known(candidate.program.source, outcome, parent))

    # ------------------------------------------------------------------ as a proposer

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Store the problem."""
        self._brief = brief
        unverified = is_unverified(brief.slug)
        self._book = Book(_own_score if unverified else _score)
        self._model.begin(brief, known)

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Wait for the engine's next answer, and return it with the program that the engine made of it."""
        slot = _Slot(task.number, rng)
        with self._lock:
            if self._fault:
                raise ModelError(self._fault)
            self._open.add(slot)
            if self._process is None:
                self._process = EngineProcess(self._name, self.options, self._line, self._lost)
        self._slots.put(slot)
        try:
            return slot.reply.result()
        finally:
            self._open.discard(slot)

    def close(self) -> None:
        """End the engine's processes, and the proposer that calls the models."""
        self._book.close()
        self._slots.put(None)
        if self._process is not None:
            self._process.close()
        self._model.close()

    @property
    def pid(self) -> int:
        """The engine's process, which leads a session of its own; 0 while there is none."""
        return self._process.pid if self._process else 0

    def _lost(self, why: str) -> None:
        with self._lock:
            self._fault = f"the engine {self._name} has ended: {why}"
            for slot in self._open:
                with contextlib.suppress(InvalidStateError):
                    slot.reply.set_exception(ModelError(self._fault))

    # ------------------------------------------------------------------ what the engine asks

    def start(self) -> Start:
        """Return what the engine may know when it starts."""
        told, self._told = tuple(self._told), []
        task = described(self._brief, told[0].source)
        instances = () if is_unverified(self._brief.slug) else self._classes
        return Start(task, self._brief.entry, instances, told, self._seeds, self._seed, self.concurrency)

    @contextmanager
    def _line(self) -> Iterator[Callable[[dict[str, Any]], dict[str, Any]]]:
        line = _Line(self)
        try:
            yield line.answer
        except _Ended:
            pass
        finally:
            line.release()

    def take(self) -> _Slot:
        """Wait for an attempt of the run."""
        slot = self._slots.get()
        if slot is None:
            self._slots.put(None)  # for the others that wait
            raise _Ended
        return slot

    def asked(self, slot: _Slot, prompt: Prompt, parent: int) -> Call:
        """Make the model call of an attempt."""
        slot.parents = (parent,)
        slot.call = self._model.reflect(prompt, slot.rng)
        if slot.call.error:
            slot.fill(Reply(self._operator, call=slot.call, parents=slot.parents))
        return slot.call

    def proposed(self, slot: _Slot, source: str) -> None:
        """Fill an attempt with a program."""
        self._book.name(source, slot.number)
        program, text = Program(source, self._brief.entry), slot.call.text if slot.call else ""
        slot.fill(Reply(self._operator, text, program, slot.call, slot.parents))

    def refused(self, slot: _Slot) -> None:
        """Fill an attempt with an answer in which the engine found no program."""
        assert slot.call
        why = f"{self._engine_label} took no program from this answer"
        slot.fill(Reply(self._operator, slot.call.text, None, slot.call, slot.parents, refusal=why))

    @property
    def book(self) -> Book:
        """What the engine is told of the attempts."""
        return self._book


class _Line:
    """Answers one process of the engine: it asks, and then has one program evaluated."""

    def __init__(self, driven: Driven) -> None:
        self._driven, self._slot = driven, cast(_Slot | None, None)

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer one message."""
        if "start" in message:
            return self._driven.start().to_json()
        return self._evaluated(message["source"]) if "source" in message else self._asked(message)

    def release(self) -> None:
        """Give up the answer that no program was made of."""
        if self._slot is not None:
            self._driven.refused(self._slot)
            self._slot = None

    def _asked(self, message: dict[str, Any]) -> dict[str, Any]:
        self.release()
        parent = self._driven.book.number(message["parent"])
        if parent is None:
            return {"broken": "the parent of a question must be a program that was evaluated"}
        slot = self._driven.take()
        call = self._driven.asked(slot, Prompt(message["system"], message["user"]), parent)
        self._slot = None if call.error else slot
        return {"text": call.text, "error": call.error}

    def _evaluated(self, source: str) -> dict[str, Any]:
        book = self._driven.book
        number = book.number(source)
        if self._slot is not None or number is None:
            slot, self._slot = self._slot or self._driven.take(), None
            number = slot.number
            self._driven.proposed(slot, source)
        outcome = book.wait(number)
        if outcome is None:
            raise _Ended
        return outcome.to_json()


def _score(gap: float) -> float:
    return 1.0 / (1.0 + gap) if gap >= 0 else 1.0 - gap


def _own_score(gap: float) -> float:
    return -gap
