"""The meter of cheats: each planted cheat is rejected by the check made for it, and a check without teeth is told."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.unit.toy import CLASS_SEED, WSPT, class_problem, function_problem, program, with_key
from workbench.certificate import Check
from workbench.certification import Verdict, certify, meter
from workbench.certification.cheats import Measure as Size
from workbench.certification.cheats import key_of, lucky_number, memoriser, slow_twin
from workbench.certification.evidence import on_fresh, seed_of
from workbench.certification.growth import growth, permitted
from workbench.certification.leads import against_baselines, level_of
from workbench.certification.verdict import silent
from workbench.evaluation.bench import Bench
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.jobs import Job
from workbench.model import Program, Split, Status
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox

REAL = {"in_other_forms": meter.in_other_forms, "recognition": meter.recognition, "constants": meter.constants}


class Place(NamedTuple):
    """Where a program was certified, and what is known of it."""

    bench: Bench
    sandbox: Sandbox
    certified: meter.Certified

    def judged(self) -> tuple[Check, dict[str, dict[str, Any]]]:
        """The meter's line, and what became of each cheat."""
        check = meter.meter(self.bench, self.sandbox, self.certified, silent)
        return check, {one["cheat"]: one for one in check.data["cheats"]}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    loaded = function_problem(tmp_path_factory.mktemp("toy") / "weighted_completion")
    with contextlib.closing(open_sandbox(allow_unsafe=True)) as sandbox, contextlib.closing(Bench(loaded, sandbox)) as bench:
        good = program(loaded, WSPT)
        reports = bench.reports([Job(good, split, fresh=True, record=True) for split in Split], lambda done, total: None)
        fresh = on_fresh(bench, good, seed_of(loaded, good), level_of(1), silent)[1]
        growing = growth(loaded, good, sandbox, silent)
        known = dict(zip(Split, reports, strict=True))
        yield Place(bench, sandbox, meter.Certified(good, known, fresh, level_of(1), [growing]))


REJECTED = {
    "memoriser of train and validation": "test",
    "memoriser of test": "consistency",
    "memoriser of every split but stress": "fresh",
    "lucky number": "constants",
    "another program at home": "determinism: surroundings",
    "slow twin": "growth",
}


def test_each_planted_cheat_is_rejected_by_the_check_made_for_it(place: Place) -> None:
    check, cheats = place.judged()
    assert {name: (one["outcome"], one["by"]) for name, one in cheats.items()} == {
        name: ("rejected", by) for name, by in REJECTED.items()
    }, check.line
    assert check.passed and "6 of 6 planted cheats rejected" in check.line and "slow twin by growth" in check.line
    assert "0.338" in cheats["lucky number"]["line"] and "the hash seed" in cheats["another program at home"]["line"]


def test_a_memoriser_of_instances_that_look_alike_is_not_possible(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "key_of", lambda loaded, instance: 1)
    monkeypatch.setattr(meter, "keys_of", lambda loaded, groups: {name: {1} for name in groups})
    check, _ = place.judged()
    assert check.passed and "3 of 3 planted cheats rejected" in check.line
    assert "not possible here: memoriser of train and validation, memoriser of test, memoriser of every split" in check.line


def test_a_certificate_has_the_meter_on_request_and_only_with_a_program_that_passed(place: Place) -> None:
    loaded = place.bench.loaded
    for source, verdict in ((WSPT, Verdict.CERTIFIED), (with_key("p"), Verdict.NOT_BETTER)):
        found = certify(loaded, program(loaded, source), place.sandbox, metered=True)
        told = [c for c in found.checks if c.kind == "meter"]
        assert found.verdict is verdict and [c.passed for c in told] == [True] * (verdict is Verdict.CERTIFIED)


PASSED = Check("toothless", "metamorphic", True, "toothless: nothing found")
CHECKS = "against_baselines consistency on_fresh in_other_forms recognition constants in_one_place growth".split()


@pytest.fixture
def toothless(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every check finds nothing."""
    good = place.certified
    ahead = against_baselines(place.bench.loaded, Split.TEST, good.reports, good.confidence)
    answers: dict[str, Any] = {"on_fresh": (PASSED, None), "in_other_forms": [PASSED], "against_baselines": ahead}
    for name in CHECKS:
        answer = answers.get(name, PASSED)
        monkeypatch.setattr(meter, name, lambda *_, answer=answer: answer)


def test_checks_without_teeth_are_told(place: Place, toothless: None) -> None:
    check, cheats = place.judged()
    assert [one["outcome"] for one in cheats.values()] == ["not rejected"] * len(REJECTED)
    assert check.passed is False and f"0 of 6 planted cheats rejected; not rejected: {', '.join(REJECTED)}" in check.line


@pytest.mark.parametrize(
    ("teeth", "by"),
    [("in_other_forms", "metamorphic: jobs in another order"), ("recognition", "recognition"), ("constants", "constants")],
)
def test_one_check_with_teeth_rejects_its_cheat_alone(
    place: Place, toothless: None, monkeypatch: pytest.MonkeyPatch, teeth: str, by: str
) -> None:
    monkeypatch.setattr(meter, teeth, REAL[teeth])
    check, cheats = place.judged()
    assert [one["by"] for one in cheats.values() if one["outcome"] == "rejected"] == [by] and check.passed is False


def test_a_cheat_that_is_not_what_it_pretends_to_be_is_not_counted_as_rejected(
    place: Place, toothless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "lucky_number", lambda good, weak: weak)
    monkeypatch.setattr(meter, "switch", lambda good, weak, order: Program("def order(p, w):\n    return broken\n", good.entry))
    check, cheats = place.judged()
    assert check.line.endswith("; not judged: lucky number, another program at home")
    assert "decision 1" in cheats["lucky number"]["line"] and "broken" in cheats["another program at home"]["line"]


def test_a_slow_twin_is_slower_than_initial_programs_that_are_slow_themselves(tmp_path: Path, place: Place) -> None:
    loaded = function_problem(tmp_path / "slow_start")
    slow = WSPT.replace("    return sorted", "    for _ in range(100 * len(weight) ** 2):\n        pass\n    return sorted")
    (tmp_path / "slow_start" / "programs" / "seed.py").write_text(slow)
    found, usual = permitted(loaded, place.sandbox), permitted(place.bench.loaded, place.sandbox)
    assert found and usual and found[0] > usual[0] + 1 and found[1] > usual[1]


# --------------------------------------------------------------------------- cheats made of classes, and of what is global

LAZY = CLASS_SEED.replace("self.loads.index(min(self.loads))", "0")
COUNTS = "calls = 0\n\n\ndef step():\n    global calls\n    calls += 1\n    return calls\n\n\n" + CLASS_SEED.replace(
    "+= hours", "+= hours * step() / step()"
)


def test_a_memoriser_of_objects_knows_an_instance_by_its_first_call(tmp_path: Path, place: Place) -> None:
    loaded = class_problem(tmp_path / "dispatch")
    good, lazy = program(loaded, CLASS_SEED), program(loaded, LAZY)
    keys = [key_of(loaded, i) for i in loaded.instances(Split.TRAIN)]
    known = set(keys[:3])
    cheat = memoriser(good, lazy, known)
    own, theirs, mixed = (
        [r.objective for r in evaluate(loaded, p, Split.TRAIN, place.sandbox, fresh=True).results] for p in (good, lazy, cheat)
    )
    expected = [one if key in known else other for key, one, other in zip(keys, own, theirs, strict=True)]
    assert mixed == expected and expected not in (own, theirs)


def test_programs_within_a_cheat_keep_what_is_global(tmp_path: Path, place: Place) -> None:
    loaded = class_problem(tmp_path / "dispatch")
    counting = program(loaded, COUNTS)
    expected = evaluate(loaded, counting, Split.TRAIN, place.sandbox, fresh=True)
    for cheat in (lucky_number(counting, counting), slow_twin(counting, Size(0, 9, 9), 9.0, 2.0)):
        found = evaluate(loaded, cheat, Split.TRAIN, place.sandbox, fresh=True)
        assert found.status is Status.OK and [r.objective for r in found.results] == [r.objective for r in expected.results]
