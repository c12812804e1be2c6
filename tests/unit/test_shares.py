"""Shares of several proposers: they begin as given, follow what pays for its time and money, and come back without progress."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from workbench.learning.shares import Shares
from workbench.model import Candidate, Program, Status

WEIGHTS = {"model": 0.5, "local": 0.3, "operators": 0.2}


def told(shares: Shares, paying: str = "", attempts: int = 40, cost: dict[str, tuple[float, float]] | None = None) -> Shares:
    """Tell attempts of all in turn; those of one lower the gap, each by a hundredth."""
    gap = 1.0
    shares.tell(Candidate(0, Status.OK, Program("x", "f"), "seed", gap=gap))
    for number in range(1, attempts + 1):
        name = list(WEIGHTS)[number % 3]
        gap -= 0.01 * (name == paying)
        found = gap if name == paying else 2.0
        candidate = Candidate(number, Status.OK, Program("x", "f"), "edit", (0,), gap=found, proposer=name)
        shares.tell(candidate, *(cost or {}).get(name, (0.0, 1.0)))
    return shares


def test_they_begin_as_given_and_are_drawn() -> None:
    shares = Shares(WEIGHTS, timed=True)
    assert shares.now() == pytest.approx(WEIGHTS)
    rng = random.Random(0)
    drawn = Counter(shares.choose(WEIGHTS, rng) for _ in range(2000))
    assert all(math.isclose(drawn[name] / 2000, weight, abs_tol=0.05) for name, weight in WEIGHTS.items())
    assert {shares.choose({"local"}, rng) for _ in range(9)} == {"local"}


@pytest.mark.parametrize("paying", WEIGHTS)
def test_what_pays_gets_more_and_the_rest_is_still_tried(paying: str) -> None:
    found = told(Shares(WEIGHTS, timed=True), paying).now()
    assert found[paying] > 1.4 * WEIGHTS[paying] and found[paying] == max(found.values())
    assert all(share >= 0.1 * WEIGHTS[name] for name, share in found.items()) and math.isclose(sum(found.values()), 1)


@pytest.mark.parametrize("cost", [{"model": (0.5, 1.0)}, {"model": (0.0, 30.0)}], ids=["dollars", "minutes"])
def test_of_two_that_improve_alike_the_cheaper_gets_more(cost: dict[str, tuple[float, float]]) -> None:
    shares, gap = Shares({"model": 1, "operators": 1}, timed=True), 1.0
    shares.tell(Candidate(0, Status.OK, Program("x", "f"), "seed", gap=gap))
    for number in range(1, 41):
        gap, name = gap - 0.01, ("model", "operators")[number % 2]
        shares.tell(Candidate(number, Status.OK, Program("x", "f"), "edit", gap=gap, proposer=name), *cost.get(name, (0.0, 1.0)))
    assert shares.now()["operators"] > 0.75


def test_time_counts_only_where_it_may() -> None:
    slow = {"operators": (0.0, 100.0)}
    assert told(Shares(WEIGHTS, timed=False), "local", cost=slow).now() == told(Shares(WEIGHTS, timed=False), "local").now()


def test_without_progress_they_come_back_to_what_was_given() -> None:
    shares = told(Shares(WEIGHTS, timed=True), "operators")
    before = shares.now()["operators"]
    for number in range(100, 400):
        name = list(WEIGHTS)[number % 3]
        shares.tell(Candidate(number, Status.OK, Program("x", "f"), "edit", gap=5.0, proposer=name), 0.0, 1.0)
    assert before > 0.4 and shares.now() == pytest.approx(WEIGHTS, abs=0.02)


def test_one_large_first_step_does_not_decide_for_long() -> None:
    shares = Shares({"a": 1, "b": 1}, timed=True)
    shares.tell(Candidate(0, Status.OK, Program("x", "f"), "seed", gap=1.0))
    shares.tell(Candidate(1, Status.OK, Program("x", "f"), "edit", gap=0.1, proposer="a"), 0.0, 1.0)
    for number in range(2, 60):
        name, gap = ("a", 5.0) if number % 2 else ("b", 0.1 - 0.001 * number)
        shares.tell(Candidate(number, Status.OK, Program("x", "f"), "edit", gap=gap, proposer=name), 0.0, 1.0)
    assert shares.now()["b"] > 0.6
