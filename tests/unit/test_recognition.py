"""Signs that a program recognises instances, and honest patterns that are none."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest

from tests.unit.test_evidence import knows
from tests.unit.toy import SPT, WSPT, function_problem, program, with_key
from workbench.certificate import Certificate, Verdict
from workbench.certification import certify
from workbench.certification.recognition import Group, recognition
from workbench.model import Split
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import FRESH, METAMORPHIC, TRANSFER
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = open_sandbox(allow_unsafe=True)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> LoadedProblem:
    """A problem whose instances are recorded: nothing can be drawn, and nothing takes another form."""
    folder = tmp_path_factory.mktemp("toy") / "recorded"
    loaded = function_problem(folder)
    for name in (FRESH, METAMORPHIC, TRANSFER):
        (folder / name).unlink()
    return loaded


def certified(loaded: LoadedProblem, sandbox: Sandbox, source: str) -> Certificate:
    return certify(loaded, program(loaded, source), sandbox, budget=200)


def test_what_knows_every_instance_but_those_of_stress_copies_a_baseline_there(recorded: LoadedProblem, sandbox: Sandbox) -> None:
    assert certified(recorded, sandbox, WSPT).verdict is Verdict.CERTIFIED
    found = certified(recorded, sandbox, knows(recorded, Split.TRAIN, Split.VALIDATION, Split.TEST))
    assert found.verdict is Verdict.OVERFIT, found.reason
    assert found.reason == (
        "recognition: it does exactly as a baseline on all 6 telling instances of stress, and on 0 of 53 others: it recognises "
        "instances"
    )


@pytest.mark.parametrize("source", [WSPT, SPT, with_key("p / w if p > 20 else p"), with_key("0 * p")])
def test_honest_programs_show_no_such_sign(recorded: LoadedProblem, sandbox: Sandbox, source: str) -> None:
    found = next(c for c in certified(recorded, sandbox, source).checks if c.kind == "recognition")
    assert found.passed, found.line


def group(name: str, count: int, own: float | None = None, *, seed: int = 0, like: float = 0.0, best: float = 0.0,
          family: str = "a", lead: float = 1.0) -> Group:  # fmt: skip
    """Instances on which one baseline reaches 100 and another 110, and a program a little less than 100.

    Parameters
    ----------
    like, best
        Shares on which it does as the first baseline, and on which it reaches the reference.
    """
    rng = random.Random(seed)
    ids = [f"{name}-{k}" for k in range(count)]
    drawn = {id: own if own is not None else 100 - max(0.01, lead * rng.gauss(1, 0.3)) for id in ids}
    for id in ids[: round(like * count)]:
        drawn[id] = 100.0
    for id in ids[: round(best * count)]:
        drawn[id] = 90.0
    families = dict(zip(ids, itertools.cycle(family.split()), strict=False))
    rivals = {"first": dict.fromkeys(ids, 100.0), "second": dict.fromkeys(ids, 110.0)}
    references = {} if name == "fresh" else dict.fromkeys(ids, 90.0)
    return Group(name, families, drawn, rivals, references, alike=name != "stress")


SIGNS = {
    "copies on train": ([group("train", 20, like=1), group("validation", 20), group("test", 30)], "all 20 telling"),
    "copies on fresh": (
        [group("train", 20, like=0.5), group("test", 30, like=0.5), group("fresh", 30, like=1)], "instances of fresh",
    ),
    "copies under stress": (
        [group("train", 20), group("validation", 8), group("test", 30), group("stress", 7, like=1, family="b c")], "of stress",
    ),
    "optimal on test": ([group("train", 20), group("validation", 20), group("test", 30, best=1)], "the reference on all 30"),
    "ahead on test": ([group("test", 30, lead=9), group("fresh", 40, lead=2, seed=1)], "knowing the test set"),
    "ahead on test, behind on fresh": ([group("test", 30, lead=4), group("fresh", 40, 101.0)], "-1.00 pp on fresh"),
}  # fmt: skip
HONEST = {
    "copies everywhere": [group("train", 20, like=1), group("validation", 20, like=1), group("test", 30, like=0.97)],
    "copies half of them": [group("train", 20, like=0.5), group("validation", 20, like=0.6), group("test", 30, like=0.4)],
    "copies on few": [group("train", 4, like=1), group("test", 30)],
    "copies all but one": [group("train", 20, like=0.95), group("validation", 20), group("test", 30)],
    "optimal on other classes": [group("train", 20, best=1, family="small"), group("test", 30, family="large")],
    "copies in one unusual class": [group("train", 20), group("test", 30), group("stress", 7, like=1, family="b")],
    "optimal under stress": [group("train", 20), group("test", 30), group("stress", 20, best=1)],
    "a little less on fresh": [group("test", 30, lead=3), group("fresh", 40, lead=2, seed=1)],
    "less within chance": [group("test", 3, lead=2), group("fresh", 3, lead=0.9, seed=1)],
    "other classes on fresh": [group("test", 30, lead=9, family="b"), group("fresh", 40, lead=1)],
}


@pytest.mark.parametrize("name", SIGNS)
def test_signs_of_recognition_are_findings(name: str) -> None:
    groups, words = SIGNS[name]
    found = recognition(groups, "first", "min")
    assert found.passed is False and words in found.line.replace("−", "-"), found


@pytest.mark.parametrize("name", HONEST)
def test_honest_patterns_are_none(name: str) -> None:
    assert recognition(HONEST[name], "first", "min").passed, recognition(HONEST[name], "first", "min")


def test_where_more_is_better_leads_point_the_other_way() -> None:
    groups = [group("test", 30, 120.0), group("fresh", 40, 101.0)]
    assert recognition(groups, "first", "max").passed is False and recognition(groups, "first", "min").passed


def test_instances_on_which_baselines_agree_or_are_optimal_tell_nothing() -> None:
    train = group("train", 20, like=1)
    agreeing = Group("train", train.families, train.own, {"first": train.rivals["first"]} | {"second": train.rivals["first"]})
    optimal = Group("train", train.families, train.own, train.rivals, dict.fromkeys(train.own, 100.0))
    for silent in (agreeing, optimal):
        assert recognition([silent, group("validation", 20), group("test", 30)], "first", "min").passed
