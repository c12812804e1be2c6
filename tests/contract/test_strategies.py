"""What every search strategy must hold, whatever its file is called."""

from __future__ import annotations

import gc
import json
import math
import os
import random
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.benchmarks.strategies import child, seed_candidate
from workbench import search
from workbench.errors import UsageError
from workbench.model import Candidate, Selection, Status
from workbench.protocols import Strategy

STRATEGIES = search.names()
SEEDS_ONLY = {"best_of_n"}  # its parents are the seeds, by definition


def seeded(name: str) -> Strategy:
    strategy, rng = search.make(name), random.Random(7)
    for number in range(2):
        strategy.tell(seed_candidate(number, rng))
    return strategy


def live(strategy: Strategy, count: int, in_flight: int = 1) -> Iterator[tuple[Selection, Candidate]]:
    """Run with several attempts under way; yields each selection with the candidate told right after it."""
    rng, waiting = random.Random(3), deque[Candidate]()
    for number in range(2, count):
        selection = strategy.ask(random.Random(number))
        waiting.append(child(number, selection, rng))
        if len(waiting) >= in_flight:
            candidate = waiting.popleft()
            strategy.tell(candidate)
            yield selection, candidate


def reachable(root: object) -> set[int]:
    """Numbers of all candidates that can be reached from an object."""
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


@pytest.mark.parametrize("name", STRATEGIES)
def test_asks_with_seeds_alone(name: str) -> None:
    rng = random.Random(7)
    strategy = search.make(name)
    seed = seed_candidate(0, rng)
    strategy.tell(seed)
    for number in range(30):
        selection = strategy.ask(random.Random(number))
        assert selection.parent is seed
        assert seed not in selection.inspirations


@pytest.mark.parametrize("name", STRATEGIES)
def test_without_a_valid_seed_it_says_so(name: str) -> None:
    strategy = search.make(name)
    strategy.tell(Candidate(0, Status.CRASH, None, "seed"))
    with pytest.raises(UsageError, match="seed"):
        strategy.ask(random.Random(0))


@pytest.mark.parametrize("name", STRATEGIES)
def test_failed_candidates_are_never_chosen(name: str) -> None:
    strategy = seeded(name)
    told = {0: True, 1: True}
    for selection, candidate in live(strategy, 250):
        assert all(told[c.number] for c in (selection.parent, *selection.inspirations))
        # A failure that claims a program and a wonderful gap must not get in either.
        bad = replace(candidate, status=Status.TIMEOUT, program=selection.parent.program, gap=-1.0)
        if candidate.status is not Status.OK:
            strategy.tell(bad)
        told[candidate.number] = candidate.status is Status.OK
    assert not all(told.values())


@pytest.mark.parametrize("name", STRATEGIES)
def test_inspirations_differ_from_the_parent_and_from_each_other(name: str) -> None:
    strategy, most = seeded(name), 0
    for selection, _ in live(strategy, 250):
        numbers = [c.number for c in (selection.parent, *selection.inspirations)]
        assert len(set(numbers)) == len(numbers)
        most = max(most, len(selection.inspirations))
    assert most == (0 if name == "best_of_n" else 2)


@pytest.mark.parametrize("name", STRATEGIES)
def test_replay_equals_live(name: str) -> None:
    strategy = seeded(name)
    history = list(live(strategy, 600, in_flight=4))
    again, checked = seeded(name), 0
    for told, (_, candidate) in enumerate(history):
        # Live, attempt n + 5 was asked for after n tells; most asks are left out here and must not be missed.
        if told % 11 == 0:
            assert again.ask(random.Random(told + 5)) == history[told][0]
            checked += 1
        again.tell(candidate)
    assert checked > 50
    assert [again.ask(random.Random(i)) for i in range(20)] == [strategy.ask(random.Random(i)) for i in range(20)]


ASKS = """
import json, random, sys
from tests.contract.test_strategies import STRATEGIES, live, seeded
numbers = lambda s: [s.parent.number, *(c.number for c in s.inspirations), s.island]
print(json.dumps({name: [numbers(s) for s, _ in live(seeded(name), 400)] for name in STRATEGIES}))
"""


def test_another_process_with_another_hash_seed_asks_the_same() -> None:
    outputs = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", ASKS], env=environment, capture_output=True, text=True, check=True)
        outputs.append(json.loads(done.stdout))
    assert set(outputs[0]) == set(STRATEGIES)
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_global_generators_are_left_alone(name: str) -> None:
    random.seed(5)
    np.random.seed(5)
    before, numpy_before = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index]
    for _ in live(seeded(name), 120):
        pass
    assert random.getstate() == before
    assert np.random.get_state()[1].tolist() == numpy_before  # type: ignore[index]


@pytest.mark.parametrize("name", STRATEGIES)
def test_ask_depends_on_its_generator_alone(name: str) -> None:
    strategy = seeded(name)
    for _ in live(strategy, 200):
        pass
    first = [strategy.ask(random.Random(i)) for i in range(40)]
    assert first == [strategy.ask(random.Random(i)) for i in range(40)]
    if name not in {"best_of_n", "greedy"}:
        assert len({s.parent.number for s in first}) > 3


@pytest.mark.parametrize("name", STRATEGIES)
def test_memory_is_bounded_and_the_best_is_never_lost(name: str) -> None:
    strategy, best = seeded(name), math.inf
    seed_best = min(seed_candidate(n, r).gap for r in [random.Random(7)] for n in range(2))
    for _, candidate in live(strategy, 3000):
        if candidate.status is Status.OK:
            best = min(best, candidate.gap)
    assert len(reachable(strategy)) <= 400
    parents = {strategy.ask(random.Random(i)).parent.gap for i in range(1500)}
    assert (seed_best if name in SEEDS_ONLY else min(best, seed_best)) in parents


@pytest.mark.parametrize("name", STRATEGIES)
def test_options_are_described_checked_and_converted(name: str) -> None:
    description = search.describe(name)
    assert description.summary.endswith((".", ":"))
    assert search.make(name, {o.name: str(o.default) for o in description.options})
    with pytest.raises(UsageError, match="no option 'tempo'") as error:
        search.make(name, {"tempo": 1})
    for option in description.options:
        assert f"{option.name}={option.default}" in str(error.value)
        if option.type is not str:
            with pytest.raises(UsageError, match=f"{option.name} takes {option.type.__name__}"):
                search.make(name, {option.name: "many"})
        if option.type is int:
            with pytest.raises(UsageError, match=option.name):
                search.make(name, {option.name: -1})


def test_an_unknown_strategy_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'islands'"):
        search.make("island")
    assert {"islands", "greedy", "best_of_n", "openevolve"} <= set(STRATEGIES)


def test_greedy_always_asks_for_the_best_so_far() -> None:
    strategy = seeded("greedy")
    best = strategy.ask(random.Random(0)).parent.gap
    for selection, candidate in live(strategy, 200):
        assert selection.parent.gap == best
        best = min(best, candidate.gap)


def synthetic(number: int, gaps: tuple[float, ...], island: int | None = None, parents: tuple[int, ...] = ()) -> Candidate:
    """One instance a family, with a source of one length."""
    families = {f"f{i}": g for i, g in enumerate(gaps)}
    like = seed_candidate(number, random.Random(0))
    return replace(like, families=families, instances=gaps, gap=sum(gaps) / len(gaps), island=island, parents=parents)


def test_islands_keep_specialists_and_show_them_where_the_parent_is_poor() -> None:
    strategy = search.make("islands", {"islands": 1, "inspirations": 1})
    even, left, right = synthetic(0, (1.0, 1.0)), synthetic(1, (0.2, 2.5), 0, (0,)), synthetic(2, (2.5, 0.2), 0, (0,))
    for candidate in (even, left, right):
        strategy.tell(candidate)
    asks = [strategy.ask(random.Random(i)) for i in range(200)]
    assert {s.parent.number for s in asks} == {0, 1, 2}
    assert {s.inspirations[0].number for s in asks if s.parent is left} == {2}
    assert {s.inspirations[0].number for s in asks if s.parent is right} == {1}


def parents_on(strategy: Strategy, island: int) -> set[int]:
    asks = [strategy.ask(random.Random(i)) for i in range(400)]
    return {s.parent.number for s in asks if s.island == island}


def fail(strategy: Strategy, numbers: range, islands: int) -> None:
    for number in numbers:
        strategy.tell(Candidate(number, Status.CRASH, None, "rewrite", (0,), number % islands))


def two_islands(patience: int) -> Strategy:
    """Island 0 holds the best so far, number 1; island 1 was opened when the first one stagnated and has number 2."""
    strategy = search.make("islands", {"islands": 2, "migration": 1000, "patience": patience})
    strategy.tell(synthetic(0, (1.0, 1.0)))
    fail(strategy, range(100, 100 + patience), 1)
    strategy.tell(synthetic(1, (0.5, 0.5), 0, (0,)))
    strategy.tell(synthetic(2, (0.9, 0.9), 1, (0,)))
    return strategy


def test_an_island_is_opened_when_one_stagnates() -> None:
    strategy = search.make("islands", {"islands": 2, "migration": 1000, "patience": 10})
    strategy.tell(synthetic(0, (1.0, 1.0)))
    strategy.tell(synthetic(1, (0.5, 0.5), 0, (0,)))
    fail(strategy, range(2, 11), 1)
    assert parents_on(strategy, 1) == set()
    fail(strategy, range(11, 12), 1)
    assert parents_on(strategy, 1) == {0, 1} or parents_on(strategy, 1) == {1}
    fail(strategy, range(12, 100), 1)
    assert parents_on(strategy, 2) == set()


def test_islands_migrate_along_the_ring() -> None:
    strategy = search.make("islands", {"islands": 3, "migration": 10, "patience": 5})
    strategy.tell(synthetic(0, (1.0, 1.0)))
    fail(strategy, range(100, 110), 1)
    strategy.tell(synthetic(1, (0.5, 0.5), 0, (0,)))
    assert [1 in parents_on(strategy, i) for i in range(3)] == [True, False, False]
    fail(strategy, range(111, 119), 1)
    assert [1 in parents_on(strategy, i) for i in range(3)] == [True, False, False]
    fail(strategy, range(119, 120), 1)
    assert [1 in parents_on(strategy, i) for i in range(3)] == [True, True, False]


def test_stagnant_islands_restart_from_the_best_of_the_others() -> None:
    strategy = two_islands(patience=20)
    assert 2 in parents_on(strategy, 1)
    fail(strategy, range(200, 240), 2)
    assert 1 in parents_on(strategy, 1)
    assert 2 not in parents_on(strategy, 1)


def test_the_island_that_found_the_best_is_never_restarted() -> None:
    strategy = two_islands(patience=20)
    fail(strategy, range(200, 240), 1)
    assert 1 in parents_on(strategy, 0)


def test_islands_with_full_grids_drop_the_worst() -> None:
    strategy = search.make("islands", {"islands": 1, "capacity": 8})
    for number in range(40):  # each one strong in a family of its own: 40 cells
        gaps = tuple(0.1 if i == number else 1.0 + (number + i) % 7 / 50 + number / 100 for i in range(40))
        strategy.tell(replace(synthetic(number, gaps, 0, (0,) if number else ()), instances=()))
    assert len(reachable(strategy)) <= 8 + 1
    assert 0 in parents_on(strategy, 0)
