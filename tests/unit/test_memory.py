"""What a run remembers of its attempts, and what it shows of them."""

from __future__ import annotations

import math
import random

import pytest

from workbench.learning.memory import Memory
from workbench.model import Candidate, Effect, Limits, Program, Seconds, Status
from workbench.problem.gap import effect_of
from workbench.program.idea import MOST_CHARS, idea_of
from workbench.proposers.tried import table


def attempt(number: int, parent: int, gap: float = math.inf, status: Status | None = None, message: str = "", **more) -> Candidate:
    status = status or (Status.OK if math.isfinite(gap) else Status.CRASH)
    return Candidate(number, status, Program("", "f"), "edit", (parent,), 0, gap, message=message, idea=f"idea {number}", **more)


def filled(*attempts: Candidate) -> Memory:
    memory = Memory()
    memory.tell(Candidate(0, Status.OK, Program("", "f"), "seed", gap=1.0))
    for one in attempts:
        memory.tell(one)
    return memory


def test_the_parents_children_come_first_then_the_best_then_the_newest() -> None:
    elsewhere = [attempt(n, 0, 0.5 + n / 1000) for n in range(1, 60)]
    children = [attempt(n, 1, 0.9) for n in range(60, 80)]
    chosen = [t.number for t in filled(*elsewhere, *children).choose(1, most=12)]
    assert chosen == sorted(chosen) and len(chosen) == 12
    assert {74, 75, 76, 77, 78, 79} <= set(chosen) and {1, 2, 3} <= set(chosen)


def test_a_failure_is_shown_once_for_each_reason_and_a_failed_call_never() -> None:
    memory = filled(
        *(attempt(n, 0, message="instance a: boom") for n in range(1, 9)),
        attempt(9, 0, message="instance b: bang"),
        attempt(10, 0, status=Status.LLM_ERROR),
    )
    assert [t.number for t in memory.choose(0)] == [8, 9]


def test_memory_stays_bounded_and_keeps_the_best() -> None:
    memory = filled(attempt(1, 0, 0.01), *(attempt(n, n - 1, 0.5) for n in range(2, 25_000)))
    assert len(memory._trials) <= 10_001 and 1 in [t.number for t in memory.choose(24_999)]


def test_the_standard_error_is_that_of_a_stratified_sample() -> None:
    rng = random.Random(1)
    families = ["a"] * 20 + ["b"] * 10 + ["c", "d", "e"]
    level = {"a": -0.5, "b": 0.3}
    theirs = [0.0] * len(families)
    found = [effect_of([level.get(f, 0.0) + rng.gauss(0, 0.05) for f in families], theirs, families) for _ in range(2000)]
    middle = sum(e.mean for e in found) / len(found)
    spread = sum((e.mean - middle) ** 2 for e in found) / len(found)
    assert sum(e.error**2 for e in found) / len(found) == pytest.approx(spread, rel=0.15)
    assert middle == pytest.approx((-0.5 + 0.3) / 5, abs=0.01)
    assert found[0].helped == ("a",) and found[0].hurt == ("b",) and not found[0].within_noise


def test_equal_programs_differ_by_nothing_and_one_instance_says_nothing_of_its_spread() -> None:
    assert effect_of([1.0, 2.0], [1.0, 2.0], ["a", "a"]) == Effect(0.0, 0.0)
    alone = effect_of([1.0], [2.0], ["a"])
    assert alone.mean == -1.0 and math.isinf(alone.error) and alone.within_noise


@pytest.mark.parametrize(
    ("text", "idea"),
    [
        ("Idea: weigh by `next_use`.\n```python\nx = 1\n```", "weigh by next_use."),
        ("**Idea:** sort by slack, then by age\n\nmore words", "sort by slack, then by age"),
        ("Sure! Here is the program:\n\nWe add a penalty. It helps.\n```python\n```", "We add a penalty."),
        ("# Heading\n\n1. First use the *cost*.", "Heading"),
        ("<think>Idea: wrong</think>Use a heap. Then stop.\n<<<<<<< SEARCH\nIdea: no\n", "Use a heap."),
        ("```python\n# Idea: in code\n```", ""),
        ("", ""),
        ("Idea: \x1b[31mred\u202e", "\\x1b[31mred\\u202e"),
    ],
)
def test_the_idea_of_an_answer(text: str, idea: str) -> None:
    assert idea_of(text) == idea


def test_an_idea_is_short() -> None:
    assert len(idea_of("Idea: " + "x" * 5000)) == MOST_CHARS


def test_the_table_says_what_became_of_each_attempt() -> None:
    memory = filled(
        attempt(1, 0, 0.5, effect=Effect(-0.5, 0.1, ("zipf",), ()), seconds=Seconds(0.02, 0.31)),
        attempt(2, 1, 0.499, effect=Effect(-0.001, 0.002), seconds=Seconds(0.02, 0.3)),
        attempt(3, 1, status=Status.DUPLICATE, message="the same program as candidate 2"),
        attempt(4, 1, status=Status.INFEASIBLE, message="instance x:\n## not a heading\nmachine 3 is full"),
    )
    text = table(memory.choose(1), 1, Limits(4.0))
    lines = text.splitlines()[2:]
    assert lines == [
        "- #1 from 0: `idea 1` -> 50.0% (-50.0 \u00b1 10.0); better on `zipf`; 0.02 s, longest 0.31 s",
        "- #2 *: `idea 2` -> 49.9% (-0.10 \u00b1 0.20, within noise); 0.02 s, longest 0.3 s",
        "- #3 *: `idea 3` -> not evaluated again: `the same program as candidate 2`",
        "- #4 *: `idea 4` -> breaks a rule: `instance x: ## not a heading machine 3 is full`",
    ]
    assert "limit is 4 s" in text and "within noise" in text
    assert table((), 1, Limits()) == ""


def test_a_long_table_loses_its_oldest_lines() -> None:
    memory = filled(*(attempt(n, 0, 0.5, status=Status.CRASH, message=f"{n} " + "m" * 500) for n in range(1, 100)))
    text = table(memory.choose(0, most=99), 0, Limits())
    assert len(text) < 6_600 and "#98" in text and "#1 " not in text
