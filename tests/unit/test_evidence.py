"""Evidence beyond the test set: programs that know instances lose their lead on others, and sound ones keep it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.toy import SPT, WSPT, function_problem, program, with_key
from workbench.certificate import Certificate, Check, Verdict
from workbench.certification import certify
from workbench.certification.evidence import seed_of
from workbench.evaluation.inline import InlinePool
from workbench.model import Split
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import FRESH, METAMORPHIC, TRANSFER, Draw
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = open_sandbox(allow_unsafe=True)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedProblem:
    return function_problem(tmp_path_factory.mktemp("toy") / "weighted_completion")


def certified(loaded: LoadedProblem, sandbox: Sandbox, source: str) -> Certificate:
    return certify(loaded, program(loaded, source), sandbox, budget=200)


def of_kind(certificate: Certificate, kind: str) -> list[Check]:
    return [c for c in certificate.checks if c.kind == kind]


def knows(loaded: LoadedProblem, *splits: Split, key: str = "(tuple(processing), tuple(weight))") -> str:
    """A program that answers instances of these splits from memory, and others by shortest processing time."""
    known = []
    for split in splits:
        for instance in loaded.instances(split):
            p, w = instance.data["processing"], instance.data["weight"]
            best = sorted(range(len(p)), key=lambda j: p[j] / w[j])
            known.append((eval(key, {"processing": p, "weight": w}), best))
    head, tail = SPT.split("    return sorted(")
    return f"KNOWN = dict({known})\n{head}    if {key} in KNOWN:\n        return KNOWN[{key}]\n    return sorted({tail}"


def test_a_better_program_keeps_its_lead_everywhere(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    found = certified(loaded, sandbox, WSPT)
    assert found.verdict is Verdict.CERTIFIED, found.reason
    fresh, transfer = of_kind(found, "fresh")[0], of_kind(found, "transfer")[0]
    assert fresh.passed and "30 instances drawn for this program" in fresh.line and len(fresh.data["comparisons"]) == 2
    assert transfer.passed and "exponential times" in transfer.line
    (other,), (doubled,) = of_kind(found, "metamorphic"), of_kind(found, "dependence")
    assert other.passed and other.data["equal"] == other.data["instances"] == len(loaded.instances(Split.TEST)) and doubled.passed
    assert other.data["before"] == pytest.approx(other.data["after"], abs=0.2)


def test_rules_that_break_ties_by_position_are_not_memory(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    found = certified(loaded, sandbox, with_key("round(2 * p / w / 20)"))
    assert found.verdict is Verdict.CERTIFIED, found.reason
    other = of_kind(found, "metamorphic")[0]
    assert other.data["equal"] < other.data["instances"], "the order of jobs makes a difference to it"


def test_what_knows_every_open_and_test_instance_is_found_out(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    source = knows(loaded, Split.TRAIN, Split.VALIDATION, Split.TEST)
    found = certified(loaded, sandbox, source)
    assert found.verdict is Verdict.OVERFIT and found.reason.startswith("fresh: on 30 instances"), found.reason
    assert not of_kind(found, "metamorphic")[0].passed and of_kind(found, "transfer")[0].passed is False
    assert all(
        c.passed for c in found.checks if c.kind in ("comparison", "answers", "bounds", "consistency", "determinism", "reach")
    )


def test_where_nothing_can_be_drawn_another_form_finds_it_out(sandbox: Sandbox, tmp_path: Path) -> None:
    loaded = function_problem(tmp_path / "recorded")
    (tmp_path / "recorded" / FRESH).unlink()
    (tmp_path / "recorded" / TRANSFER).unlink()
    sound = certified(loaded, sandbox, WSPT)
    assert sound.verdict is Verdict.CERTIFIED and not of_kind(sound, "transfer")
    assert of_kind(sound, "fresh")[0].passed is None and "does not apply" in of_kind(sound, "fresh")[0].line
    found = certified(loaded, sandbox, knows(loaded, Split.TRAIN, Split.VALIDATION, Split.TEST))
    assert found.verdict is Verdict.OVERFIT and found.reason.startswith("metamorphic: jobs in another order")


def test_what_depends_on_the_unit_of_time_is_told_and_not_refused(sandbox: Sandbox, loaded: LoadedProblem) -> None:
    source = with_key("p / w if p < 100 else p", "")
    found = certified(loaded, sandbox, source)
    (other,), (doubled,) = of_kind(found, "metamorphic"), of_kind(found, "dependence")
    assert found.verdict is Verdict.CERTIFIED and other.passed and not doubled.passed, found.reason


def test_a_failure_on_a_fresh_instance_is_a_failure(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    known = knows(loaded, *Split).replace("    return sorted(", "    assert False, 'never seen'\n    return sorted(")
    found = certified(loaded, sandbox, known)
    assert found.verdict is Verdict.OVERFIT and found.reason.startswith("fresh") and "never seen" in found.reason


def test_another_byte_of_the_program_draws_other_instances(loaded: LoadedProblem) -> None:
    one, two = program(loaded, WSPT), program(loaded, WSPT + "\n")
    assert seed_of(loaded, one) == seed_of(loaded, program(loaded, WSPT)) != seed_of(loaded, two)
    assert loaded.drawn(Draw(FRESH, 1)) == loaded.drawn(Draw(FRESH, 1)) != loaded.drawn(Draw(FRESH, 2))
    assert loaded.drawn(Draw(METAMORPHIC, 1)) != loaded.drawn(Draw(METAMORPHIC, 2))


def test_workers_change_nothing(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    alone = certified(loaded, sandbox, WSPT)
    with InlinePool(loaded, allow_unsafe=True) as pool:
        shared = certify(loaded, program(loaded, WSPT), sandbox, budget=200, pool=pool)
    own = [(c.name, c.passed, c.line) for c in alone.checks if c.kind not in ("growth", "simplification")]
    assert own == [(c.name, c.passed, c.line) for c in shared.checks if c.kind not in ("growth", "simplification")]
    assert alone.gaps == shared.gaps and alone.comparisons == shared.comparisons
