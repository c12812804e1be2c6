"""Kinds of request: what pays is asked for more, what does not is still tried, and only what makes sense is possible."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from workbench.learning.kinds import Kinds, possible_kinds
from workbench.model import Candidate, Effect, Kind, Limits, Program, Seconds, Selection, Status


def result(kind: str, better: bool, status: Status = Status.OK) -> Candidate:
    effect = Effect(-0.1 if better else 0.1, 0.01)
    return Candidate(9, status, Program("x", "f"), kind, (1,), 0, 0.5, effect=effect)


def shares(kinds: Kinds) -> Counter[Kind]:
    rng = random.Random(0)
    return Counter(kinds.choose(set(Kind), rng) for _ in range(1000))


@pytest.mark.parametrize("paying", [Kind.NEW, Kind.COMBINE, Kind.SIMPLIFY])
def test_what_pays_is_asked_for_more_and_the_rest_is_still_tried(paying: Kind) -> None:
    kinds = Kinds()
    for _ in range(40):
        for kind in Kind:
            kinds.tell(result(kind.value, kind is paying), best=False)
    found = shares(kinds)
    assert found[paying] > 500 and found[Kind.IMPROVE] > 0
    assert found[paying] > 2 * shares(Kinds())[paying]


def test_what_says_nothing_about_a_kind_changes_nothing() -> None:
    kinds = Kinds()
    for told in (result("constant", True), result("repair", True), result("improve", False, Status.LLM_ERROR)):
        kinds.tell(told, best=True)
    assert shares(kinds) == shares(Kinds())


def test_only_kinds_that_make_sense_are_possible() -> None:
    start = Candidate(0, Status.OK, Program("x = 0", "f"), "seed", gap=1.0, families={"a": 0.1, "b": 0.9})
    child = Candidate(1, Status.OK, Program("x = 1", "f"), "edit", (0,), 0, 0.5, {"a": 0.2, "b": 0.3}, seconds=Seconds(0.1, 0.9))
    worse = Candidate(2, Status.OK, Program("x = 2", "f"), "edit", (0,), 0, 0.9, {"a": 0.9, "b": 0.9})
    assert possible_kinds(Selection(start), Limits(1.0)) == {Kind.IMPROVE, Kind.NEW}
    assert possible_kinds(Selection(child, (worse,)), Limits(2.0)) == {Kind.IMPROVE, Kind.NEW, Kind.SIMPLIFY, Kind.FASTER}
    assert possible_kinds(Selection(child, (start,)), Limits(9.0)) == {Kind.IMPROVE, Kind.NEW, Kind.SIMPLIFY, Kind.COMBINE}
    assert Kinds().choose({Kind.IMPROVE}, random.Random(0)) is Kind.IMPROVE
