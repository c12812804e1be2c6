"""Every strategy passes the contract for strategies, and does what its own options promise."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from workbench import search
from workbench.errors import UsageError
from workbench.model import Candidate, Selection, Status
from workbench.protocols import Strategy
from workbench.search import portfolio
from workbench.testing import StrategyContract
from workbench.testing.strategies import live, reachable, seeded
from workbench.testing.synthetic import seed_candidate

STRATEGIES = search.names()


def suite(name: str) -> type[StrategyContract]:
    """The contract for one strategy; the parents of best_of_n are the seeds, by definition."""
    contents = {"make": staticmethod(lambda: search.make(name)), "keeps_best": name != "best_of_n"}
    return type(f"Test_{name}", (StrategyContract,), contents)


globals().update({f"Test_{name}": suite(name) for name in STRATEGIES})


@pytest.mark.parametrize("name", STRATEGIES)
def test_parents_and_inspirations_vary_where_they_should(name: str) -> None:
    strategy = seeded(lambda: search.make(name))
    most = max(len(selection.inspirations) for selection, _ in live(strategy, 250))
    assert most == (0 if name == "best_of_n" else 2)
    if name not in {"best_of_n", "greedy"}:
        assert len({strategy.ask(random.Random(i)).parent.number for i in range(40)}) > 3


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
            with pytest.raises(UsageError, match=f"{option.name} must be of type {option.type.__name__}"):
                search.make(name, {option.name: "many"})
        if option.type is int:
            with pytest.raises(UsageError, match=option.name):
                search.make(name, {option.name: -1})


@pytest.mark.parametrize("name", STRATEGIES)
def test_an_object_is_copied_and_can_be_used_for_further_runs(name: str) -> None:
    given = search.make(name)
    chosen = search.choose(given)
    chosen.strategy.tell(seed_candidate(0, random.Random(0)))
    assert chosen.strategy.ask(random.Random(0)) and chosen.name == name and search.make(name, chosen.options)
    with pytest.raises(UsageError, match="initial program"):
        given.ask(random.Random(0))


def test_an_unknown_strategy_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'islands'"):
        search.make("island")
    assert {"adaptive", "islands", "greedy", "best_of_n", "openevolve"} <= set(STRATEGIES)


def test_greedy_always_asks_for_the_best_so_far() -> None:
    strategy = seeded(lambda: search.make("greedy"))
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


def told(*candidates: Candidate) -> Strategy:
    strategy = search.make("adaptive", {"explore_low": 0.0, "explore_high": 0.0})
    for candidate in candidates:
        strategy.tell(candidate)
    return strategy


def test_adaptive_improves_what_noise_cannot_tell_from_the_best_and_nothing_else() -> None:
    start, better = synthetic(0, (1.0, 1.0, 1.0, 1.0)), synthetic(1, (0.8, 0.81, 0.79, 0.8), parents=(0,))
    lucky = synthetic(2, (0.1, 1.3, 0.8, 0.81), parents=(1,))  # a lower gap by one instance alone
    strategy = told(start, better, lucky)
    assert {strategy.ask(random.Random(i)).parent.number for i in range(300)} == {1, 2}
    strategy.tell(synthetic(3, (0.5, 0.5, 0.5, 0.5), parents=(1,)))
    assert 1 not in {strategy.ask(random.Random(i)).parent.number for i in range(300)}


def test_adaptive_returns_to_initial_programs_and_other_ideas_as_clear_progress_fails_to_come() -> None:
    strategy = search.make("adaptive", {"patience": 10, "explore_low": 0.0, "explore_high": 1.0})
    for candidate in (synthetic(0, (2.0,) * 4), synthetic(1, (1.0,) * 4, parents=(0,)), synthetic(2, (0.5,) * 4, parents=(1,))):
        strategy.tell(candidate)
    strategy.tell(synthetic(3, (1.5,) * 4, parents=(0,)))

    def share() -> int:
        return sum(strategy.ask(random.Random(i)).parent.number in (0, 3) for i in range(400))

    before = share()
    for number in range(4, 30):
        strategy.tell(Candidate(number, Status.CRASH, None, "rewrite", (2,)))
    assert before < 60 < 120 < share()


@pytest.mark.parametrize(("paying", "other"), [("greedy", "best_of_n"), ("best_of_n", "greedy")])
def test_the_budget_of_a_portfolio_moves_to_the_better_strategy(paying: str, other: str) -> None:
    """One landscape rewards steps from the best program, the other only changes of an initial program."""
    strategy = search.make("portfolio", {"members": f"{other},{paying}"})
    strategy.tell(synthetic(0, (1.0, 1.0)))
    best, made = 1.0, []
    for number in range(1, 201):
        asked = strategy.ask(random.Random(number))
        assert asked.island is not None
        chooser = portfolio.owner({"members": f"{other},{paying}"}, asked.island)
        pays = asked.parent.number == 0 if paying == "best_of_n" else asked.parent.gap == best
        gap = best * 0.97 if pays and number % 4 == 0 else 2.0
        best = min(best, gap)
        strategy.tell(replace(synthetic(number, (gap, gap), asked.island, (asked.parent.number,)), operator="edit"))
        made.append(chooser)
    assert 35 < made[150:].count(paying) < 50, "half of them at first, and the other one is still tried"


def test_members_of_a_portfolio_learn_of_their_own_attempts_and_of_each_new_best() -> None:
    strategy = search.make("portfolio", {"members": "greedy,islands"})
    strategy.tell(synthetic(0, (1.0, 1.0)))
    home = {portfolio.owner({"members": "greedy,islands"}, s.island): s.island for s in asks_of(strategy)}
    strategy.tell(synthetic(1, (1.5, 1.5), home["islands"], (0,)))  # worse: only its own population may keep it
    assert {s.parent.number for s in asks_of(strategy) if s.island == home["greedy"]} == {0}
    strategy.tell(synthetic(2, (0.5, 0.5), home["islands"], (0,)))
    assert {s.parent.number for s in asks_of(strategy) if s.island == home["greedy"]} == {2}


def asks_of(strategy: Strategy) -> list[Selection]:
    return [strategy.ask(random.Random(i)) for i in range(60)]
