"""Contract tests for search strategies: valid parents, bounded memory, and the same choices for the same history."""

from __future__ import annotations

import gc
import inspect
import json
import math
import os
import random
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from workbench.errors import UsageError
from workbench.model import Candidate, Selection, Status
from workbench.protocols import Strategy
from workbench.testing.synthetic import child, seed_candidate

MOST_KEPT = 400
"""Maximum number of candidates that a strategy may keep, however long the run is."""

_ASKS = """
import importlib.util, json, sys
from workbench.testing.strategies import asks
path, name = sys.argv[1:]
spec = importlib.util.spec_from_file_location("_module_of_the_strategy", path)
module = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = module
spec.loader.exec_module(module)
print(json.dumps(asks(getattr(module, name).make)))
"""


class StrategyContract:
    """Tests that a search strategy must pass. Derive a class from it whose name begins with `Test`.

    Attributes
    ----------
    make
        Creates a new strategy: its class, or `staticmethod(lambda: Mine(option=3))`.
    keeps_best
        Whether the incumbent remains a possible parent. False for strategies that use only initial programs as parents.
    """

    make: ClassVar[Callable[[], Strategy]]
    keeps_best: ClassVar[bool] = True

    def test_asks_with_seeds_alone(self) -> None:
        strategy, rng = type(self).make(), random.Random(7)
        seed = seed_candidate(0, rng)
        strategy.tell(seed)
        for number in range(30):
            selection = strategy.ask(random.Random(number))
            assert selection.parent is seed
            assert seed not in selection.inspirations, "the parent is among its own inspirations"

    def test_without_a_valid_seed_it_raises_a_usage_error(self) -> None:
        strategy = type(self).make()
        strategy.tell(Candidate(0, Status.CRASH, None, "seed"))
        with pytest.raises(UsageError, match="initial program"):
            strategy.ask(random.Random(0))

    def test_failed_candidates_are_never_chosen(self) -> None:
        strategy = seeded(type(self).make)
        valid = {0: True, 1: True}
        for selection, candidate in live(strategy, 250):
            chosen = (selection.parent, *selection.inspirations)
            assert all(valid[c.number] for c in chosen), "a failed candidate is chosen: check candidate.status in `tell`"
            # A failure with a program and an excellent gap must not be chosen either.
            bad = replace(candidate, status=Status.TIMEOUT, program=selection.parent.program, gap=-1.0)
            if candidate.status is not Status.OK:
                strategy.tell(bad)
            valid[candidate.number] = candidate.status is Status.OK
        assert not all(valid.values())

    def test_inspirations_differ_from_the_parent_and_from_each_other(self) -> None:
        for selection, _ in live(seeded(type(self).make), 250):
            numbers = [c.number for c in (selection.parent, *selection.inspirations)]
            assert len(set(numbers)) == len(numbers)

    def test_replay_equals_live(self) -> None:
        strategy = seeded(type(self).make)
        history = list(live(strategy, 600, in_flight=4))
        again, checked = seeded(type(self).make), 0
        for position, (_, candidate) in enumerate(history):
            # Live, attempt n + 5 was requested after n calls of tell. Omitting most calls of ask must make no difference.
            if position % 11 == 0:
                same = again.ask(random.Random(position + 5)) == history[position][0]
                assert same, "after the same calls of `tell` the strategy chooses differently: `ask` must change nothing"
                checked += 1
            again.tell(candidate)
        assert checked > 50
        assert [again.ask(random.Random(i)) for i in range(20)] == [strategy.ask(random.Random(i)) for i in range(20)]

    def test_another_process_with_another_hash_seed_asks_the_same(self) -> None:
        cls = type(self)
        hash_seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-c", _ASKS, inspect.getfile(cls), cls.__qualname__]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"the strategy cannot be created in another process: {done.stderr[-500:]}"
        assert json.loads(done.stdout) == asks(cls.make), "another process chooses differently: check for iteration over a set"

    def test_the_global_generators_are_left_alone(self) -> None:
        random.seed(5)
        np.random.seed(5)
        before, numpy_before = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
        for _ in live(seeded(type(self).make), 120):
            pass
        assert random.getstate() == before, "draw from the `rng` that `ask` is given, not from `random`"
        assert np.random.get_state()[1].tolist() == numpy_before  # type: ignore[index]

    def test_ask_depends_on_its_generator_alone(self) -> None:
        strategy = seeded(type(self).make)
        for _ in live(strategy, 200):
            pass
        first = [strategy.ask(random.Random(i)) for i in range(40)]
        assert first == [strategy.ask(random.Random(i)) for i in range(40)], "`ask` must change nothing that a later `ask` sees"

    def test_memory_is_bounded_and_the_best_is_never_lost(self) -> None:
        strategy, best = seeded(type(self).make), math.inf
        seed_best = min(seed_candidate(n, r).gap for r in [random.Random(7)] for n in range(2))
        for _, candidate in live(strategy, 3000):
            if candidate.status is Status.OK:
                best = min(best, candidate.gap)
        kept = len(reachable(strategy))
        assert kept <= MOST_KEPT, f"{kept} candidates are kept after 3000 attempts; at most {MOST_KEPT} are allowed"
        parents = {strategy.ask(random.Random(i)).parent.gap for i in range(1500)}
        assert (min(best, seed_best) if type(self).keeps_best else seed_best) in parents, "the best candidate is never a parent"


def seeded(make: Callable[[], Strategy]) -> Strategy:
    """Return a new strategy with two initial programs."""
    strategy, rng = make(), random.Random(7)
    for number in range(2):
        strategy.tell(seed_candidate(number, rng))
    return strategy


def live(strategy: Strategy, count: int, in_flight: int = 1) -> Iterator[tuple[Selection, Candidate]]:
    """Simulate a run with several attempts in flight; yield each selection with the resulting candidate."""
    rng, waiting = random.Random(3), deque[Candidate]()
    for number in range(2, count):
        selection = strategy.ask(random.Random(number))
        waiting.append(child(number, selection, rng))
        if len(waiting) >= in_flight:
            candidate = waiting.popleft()
            strategy.tell(candidate)
            yield selection, candidate


def asks(make: Callable[[], Strategy]) -> list[list[int | None]]:
    """Return a strategy's selections in a run of 400 attempts, as candidate numbers."""
    selections = [selection for selection, _ in live(seeded(make), 400)]
    return [[s.parent.number, *(c.number for c in s.inspirations), s.island] for s in selections]


def reachable(root: object) -> set[int]:
    """Return the numbers of all candidates reachable from an object."""
    found, seen, queue = set(), set(), [root]
    while queue:
        item = queue.pop()
        if id(item) in seen or isinstance(item, type) or type(item).__name__ in {"module", "function"}:
            continue
        seen.add(id(item))
        if isinstance(item, Candidate):
            found.add(item.number)
        queue.extend(gc.get_referents(item))
    return found
