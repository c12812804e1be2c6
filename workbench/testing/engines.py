"""Contract tests for engines: every attempt of the run is one answer, failures are survived, and nothing is left behind."""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, ClassVar

import pytest

from workbench.engines.driven import Driven
from workbench.errors import Rejected
from workbench.model import Brief, Call, Candidate, Program, Prompt, Reply, Selection, Status, Task
from workbench.program.source import fingerprint, screen
from workbench.testing.proposers import BRIEF, SOURCE

_CLASSES = ("a", "a", "b", "b", "b")


class _Model:
    """Answers every prompt; a few calls fail, and a few answers hold no program."""

    label, concurrency, repairs, uses_model, ordered = "model", 3, False, True, False

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []
        self._lock, self._count = threading.Lock(), itertools.count(1)

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Do nothing."""

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """An engine writes its own prompts."""
        raise AssertionError("an engine does not use the prompts of this project")

    def reflect(self, prompt: Prompt, rng: random.Random) -> Call:
        """Return a program, the same again, nothing, or a failure."""
        with self._lock:
            number = next(self._count)
            self.prompts.append(prompt)
        if number % 7 == 3:
            return Call("model", prompt, "", error="busy: try later")
        number -= number % 5 == 0  # the same program as before
        text = "I do not know." if number % 7 == 6 else f"```python\n{SOURCE.replace('2.0', f'{number}.5')}```"
        return Call("model", prompt, text, 10, 10, 0.01)

    def close(self) -> None:
        """Do nothing."""


class EngineContract:
    """Tests that an engine must pass. Derive a class from it whose name begins with `Test`.

    Attributes
    ----------
    engine
        Its name, `package.module:Class` or `path/file.py:Class`.
    options
        Keywords of its constructor; it must ask for whole programs.
    """

    engine: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}

    def run(self, attempts: int) -> tuple[_Model, dict[int, Reply], list[Candidate], int]:
        """Run an engine for some attempts as a run does, with made-up gaps; also returns the process that it ran in."""
        model = _Model()
        driven = Driven(self.engine, self.options)
        driven.over(model, 0, _CLASSES).begin(BRIEF, lambda program: False)
        told = [_evaluated(n, Reply("seed", program=Program(SOURCE.replace("3", str(3 + n)), "f")), {}) for n in range(2)]
        marks = {fingerprint(c.program): c.number for c in told if c.program}
        for seed in told:
            driven.tell(seed)
        flights: dict[Future[Reply], int] = {}
        replies: dict[int, Reply] = {}
        upcoming = iter(range(2, 2 + attempts))
        pid = 0
        try:
            with ThreadPoolExecutor(driven.concurrency) as threads:
                while len(replies) < attempts:
                    for number in itertools.islice(upcoming, driven.concurrency - len(flights)):
                        task = Task(number, Selection(told[0]))
                        flights[threads.submit(driven.propose, task, random.Random(number))] = number
                    done, _ = wait(flights, timeout=120, return_when=FIRST_COMPLETED)
                    assert done, "the engine asks no more, though the run has attempts for it"
                    for future in done:
                        number = flights.pop(future)
                        replies[number] = future.result()
                        told.append(_evaluated(number, replies[number], marks))
                        driven.tell(told[-1])
                pid = driven.pid
        finally:
            driven.close()
        return model, replies, told, pid

    def test_every_attempt_is_one_answer(self) -> None:
        model, replies, told, _ = self.run(24)
        assert sorted(replies) == list(range(2, 26))
        assert len(model.prompts) == 24, "a model was asked although the run had no attempt for it"
        assert all(reply.call and reply.call.prompt in model.prompts for reply in replies.values())
        assert {c.status for c in told} >= {Status.OK, Status.LLM_ERROR, Status.DUPLICATE}
        assert all(bool(reply.program) or reply.refusal or reply.call.error for reply in replies.values() if reply.call)

    def test_parents_are_programs_that_were_evaluated_before(self) -> None:
        _, replies, told, _ = self.run(16)
        place = {candidate.number: k for k, candidate in enumerate(told)}
        tried = {c.number for c in told if c.status not in (Status.LLM_ERROR, Status.DUPLICATE)}
        for number, reply in replies.items():
            (parent,) = reply.parents
            assert parent in tried and place[parent] < place[number]

    def test_prompts_have_the_task_and_the_parent(self) -> None:
        _, replies, told, _ = self.run(8)
        programs = {c.number: c.program.source for c in told if c.program}
        for reply in replies.values():
            assert reply.call
            shown = reply.call.prompt.system + reply.call.prompt.user
            assert BRIEF.statement in shown and programs[reply.parents[0]].strip() in shown

    def test_no_key_and_no_process_is_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-this-test-0123456789")
        seen: list[bytes] = []
        told = Driven.tell

        def tell(driven: Driven, candidate: Candidate) -> None:
            if driven.pid and not seen:
                seen.append(Path(f"/proc/{driven.pid}/environ").read_bytes())
            told(driven, candidate)

        monkeypatch.setattr(Driven, "tell", tell)
        *_, pid = self.run(4)
        assert seen and b"sk-of-this-test" not in seen[0]
        end = time.monotonic() + 60
        while _alive(pid) and time.monotonic() < end:  # the kernel takes a moment to end what was killed
            time.sleep(0.05)
        assert pid and not _alive(pid)


def _evaluated(number: int, reply: Reply, marks: dict[str, int]) -> Candidate:
    """What becomes of an answer, without running it."""
    if reply.call and reply.call.error:
        return Candidate(number, Status.LLM_ERROR, None, reply.operator, reply.parents, message=reply.call.error)
    if reply.program is None:
        return Candidate(number, Status.REJECTED, None, reply.operator, reply.parents, message=reply.refusal)
    try:
        program = screen(reply.program.source, "f")
    except Rejected as error:
        return Candidate(number, Status.REJECTED, None, reply.operator, reply.parents, message=str(error))
    first = marks.setdefault(fingerprint(program), number)
    if first != number:
        return Candidate(number, Status.DUPLICATE, program, reply.operator, reply.parents, message=f"as {first}")
    if number % 6 == 5:
        return Candidate(number, Status.CRASH, program, reply.operator, reply.parents, message="IndexError")
    gaps = [random.Random(f"{number}/{k}").uniform(0.1, 1.0) for k in range(len(_CLASSES))]
    classes = {"a": sum(gaps[:2]) / 2, "b": sum(gaps[2:]) / 3}
    gap = sum(classes.values()) / 2
    return Candidate(number, Status.OK, program, reply.operator, reply.parents, None, gap, classes, tuple(gaps))


def _alive(session: int) -> list[str]:
    """The processes of a session that still run; those that have ended may wait for their parent to notice."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, of = file.read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state not in "ZX":
                found.append(file.parent.name)
    return found
