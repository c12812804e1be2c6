"""Contract tests for proposers: a reply to every task, reproducible from the generator, from any thread."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest

from workbench.model import Brief, Candidate, Limits, Program, Reply, Selection, Status, Task
from workbench.protocols import Proposer

FEATURES = {"x": "a number", "y": "another"}
BRIEF = Brief("toy/toy", "Toy", "Which?", "Text.", "f", "s", "min", FEATURES, ("hint",), (("best", 0.1),), ("math",), Limits())
SOURCE = "# EVOLVE-BLOCK-START\ndef f(x, y):\n    return 2.0 * x + y if x > 3 else y\n# EVOLVE-BLOCK-END\n"


class ProposerContract:
    """Tests that a proposer must pass. Derive a class from it whose name begins with `Test`.

    Attributes
    ----------
    make
        Creates a new proposer: its class, or `staticmethod(lambda: Mine(option=3))`.
    repeatable
        Whether the same tasks and generators give the same replies. False if they depend on a model or a clock.
    replays
        Whether the calls in its replies were made by another run.
    brief, source
        The problem passed to `begin`, and the program to improve.
    """

    make: ClassVar[Callable[[], Proposer]]
    repeatable: ClassVar[bool] = True
    replays: ClassVar[bool] = False
    brief: ClassVar[Brief] = BRIEF
    source: ClassVar[str] = SOURCE

    def ready(self) -> Proposer:
        """Return a new proposer after `begin`, as in a run."""
        proposer = type(self).make()
        proposer.begin(self.brief, lambda program: False)
        return proposer

    def task(self, number: int) -> Task:
        """Return a request to improve the program."""
        return Task(number, Selection(Candidate(0, Status.OK, Program(self.source, self.brief.entry), "seed", gap=0.5)))

    def replies(self, count: int) -> list[tuple[str, Program | None]]:
        """Return text and program of the first replies of a new proposer."""
        proposer = self.ready()
        replies = [proposer.propose(self.task(n), random.Random(n)) for n in range(count)]
        proposer.close()
        return [(r.text, r.program) for r in replies]

    def test_it_says_what_it_is(self) -> None:
        proposer = type(self).make()
        assert proposer.label and proposer.concurrency >= 1
        for name in ("repairs", "uses_model", "ordered"):
            assert isinstance(getattr(proposer, name), bool), f"{name} must be True or False"
        proposer.close()

    def test_a_reply_is_a_program_or_a_text_with_its_call(self) -> None:
        proposer = self.ready()
        reply = proposer.propose(self.task(1), random.Random(1))
        assert isinstance(reply, Reply) and reply.operator
        assert 0 in reply.parents, "a reply must name the candidates it was made from: parents=(task.selection.parent.number,)"
        assert (reply.program is None) != (reply.call is None), (
            "a reply must have either a program, or the call that produced its text"
        )
        assert reply.program is not None or reply.text
        paid = reply.call is not None and not self.replays
        assert proposer.uses_model or not paid, "a proposer whose replies have a call must set uses_model = True"
        proposer.close()

    def test_the_same_generator_gives_the_same_answer(self) -> None:
        if not self.repeatable:
            pytest.skip("repeatable = False")
        assert self.replies(12) == self.replies(12), "draw from the `rng` that `propose` is given"

    def test_the_global_generator_is_left_alone(self) -> None:
        random.seed(5)
        state = random.getstate()
        proposer = self.ready()
        proposer.propose(self.task(1), random.Random(1))
        assert random.getstate() == state, "draw from the `rng` that `propose` is given, not from `random`"
        proposer.close()

    def test_many_threads_at_once(self) -> None:
        proposer = self.ready()
        with ThreadPoolExecutor(8) as threads:
            replies = list(threads.map(lambda n: proposer.propose(self.task(n), random.Random(n)), range(48)))
        proposer.close()
        assert len(replies) == 48
        if self.repeatable:
            assert sorted(r.text for r in replies) == sorted(text for text, _ in self.replies(48))

    def test_closing_twice_leaves_no_thread(self) -> None:
        before = threading.active_count()
        proposer = self.ready()
        proposer.propose(self.task(1), random.Random(1))
        proposer.close()
        proposer.close()
        assert threading.active_count() <= before, "a thread is still running after close()"
