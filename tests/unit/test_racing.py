"""Racing: what is clearly behind stops early, what is not goes on to the end, and nothing else changes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.toy import FUNCTION_SEED, function_problem
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.racing import FEWEST, Race, race_order
from workbench.model import Instance, Program, Split, Status
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox

FAMILIES = ["a", "b", "c"] * 20


def lasted(differences: list[float], families: list[str] = FAMILIES) -> int:
    """Instances that a program is evaluated on."""
    race = Race(families, [0.0] * len(families))
    return next((k for k, d in enumerate(differences, 1) if race.lost(d)), len(differences))


def test_every_beginning_of_the_order_holds_all_classes_alike() -> None:
    instances = [Instance(f"{f}{k}", f, {}) for f, count in (("a", 9), ("b", 9), ("c", 4)) for k in range(count)]
    order = race_order(instances)
    assert sorted(order) == list(range(len(instances)))
    for end in range(3, 13, 3):
        assert set(Counter(instances[k].family for k in order[:end]).values()) == {end // 3}


@pytest.mark.parametrize(("level", "last"), [(0.5, 2 * FEWEST), (0.0, 60), (-0.5, 60)], ids=["much worse", "equal", "better"])
def test_only_what_is_clearly_worse_stops(level: float, last: int) -> None:
    rng = random.Random(3)
    assert lasted([level + rng.gauss(0, 0.1) for _ in FAMILIES]) <= last
    if level <= 0:
        assert lasted([level] * 60) == 60


def test_few_programs_that_would_end_better_are_stopped() -> None:
    rng = random.Random(4)
    drawn = [[rng.gauss(0, 1) for _ in FAMILIES] for _ in range(1000)]
    better = [differences for differences in drawn if sum(differences) < 0]
    worse = [differences for differences in drawn if sum(differences) > 0]
    assert sum(lasted(differences) < 60 for differences in better) < 0.03 * len(better)
    assert sum(lasted(differences) < 60 for differences in worse) > 0.5 * len(worse)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = open_sandbox(allow_unsafe=True)
    yield sandbox
    sandbox.close()


def test_a_race_changes_nothing_unless_it_is_lost(sandbox: Sandbox, tmp_path: Path) -> None:
    problem, own = function_problem(tmp_path), Program(FUNCTION_SEED, "order")
    alone = evaluate(problem, own, Split.TRAIN, sandbox)
    drawn = evaluate(problem, own, Split.TRAIN, sandbox, rival=[r.gap for r in alone.results])
    assert [(r.id, r.gap) for r in drawn.results] == [(r.id, r.gap) for r in alone.results] and drawn.gap == alone.gap
    lost = evaluate(problem, own, Split.TRAIN, sandbox, rival=[r.gap - 10 for r in alone.results])
    assert lost.status is Status.BEHIND and FEWEST <= len(lost.results) < len(alone.results)
    assert f"after {len(lost.results)} of {len(alone.results)} instances" in lost.message
