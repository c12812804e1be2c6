"""Verdicts: each program that should fail a certain way does, and a sound one passes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.toy import FUNCTION_SEED, SPT, WSPT, class_problem, function_problem, program, with_key
from workbench.catalog import LoadedProblem
from workbench.certify import Verdict, certify
from workbench.errors import ProblemError
from workbench.model import Split
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


def verdict(loaded: LoadedProblem, sandbox: Sandbox, source: str) -> tuple[str, str]:
    certificate = certify(loaded, program(loaded, source), sandbox)
    return certificate.verdict, certificate.reason


def test_a_better_program_is_certified_with_all_its_evidence(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    stages: dict[str, int] = {}
    certificate = certify(
        loaded, program(loaded, WSPT), sandbox, on_progress=lambda stage, done, total: stages.update({f"{stage} {total}": done})
    )
    assert certificate.verdict is Verdict.CERTIFIED, certificate.reason
    assert certificate.gaps[Split.TEST] == 0
    assert all(check.passed for check in certificate.checks)
    assert {c.name for c in certificate.checks} >= {"test: spt", "test: arrival", "stress: single", "stress: large", "determinism"}
    assert stages == {"validation 12": 12, "test 12": 12, "stress 4": 4, "second run 12": 12}
    closest = next(c for c in certificate.comparisons if c.split is Split.TEST and c.baseline == "spt")
    gaps = loaded.references.families("spt", Split.TEST)
    assert -closest.difference.mean == pytest.approx(sum(gaps.values()) / 2)
    assert closest.confidence == pytest.approx(0.975)
    assert closest.record.losses == 0
    again = json.loads(json.dumps(certificate.to_json(), allow_nan=False))
    assert next(iter(again)) == "verdict" and again["verdict"] == "certified" and again["isolation"] == sandbox.isolation
    assert len(again["comparisons"]) == 4 and again["gaps"]["test"] == 0


def test_a_baseline_is_not_better_than_itself(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    assert verdict(loaded, sandbox, SPT)[0] == "not better"
    assert verdict(loaded, sandbox, FUNCTION_SEED)[0] == "not better"


def test_what_works_on_the_seen_sizes_alone_is_overfit(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    source = WSPT.replace(
        "    return sorted", "    if len(processing) % 2:\n        return list(range(len(processing)))\n    return sorted"
    )
    found, reason = verdict(loaded, sandbox, source)
    assert found == "overfit"
    assert "validation" in reason and "against spt" in reason


def test_a_failure_on_test_counts_as_its_penalty(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    source = WSPT.replace("    return sorted", "    assert len(processing) != 13\n    return sorted")
    assert verdict(loaded, sandbox, source)[0] == "overfit"  # half of the test instances fail


def test_one_failure_makes_a_better_program_fragile(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    unlucky = loaded.instances(Split.TEST)[3].data["processing"]
    source = with_key("p / w").replace("    return sorted", f"    assert processing != {unlucky}\n    return sorted")
    lenient = LoadedProblem(loaded.folder, loaded.problem)
    measure = lenient.references.measure(Split.TEST)
    measure.penalty.update(dict.fromkeys(measure.penalty, 0.0))  # so that the mean alone would not tell
    found, reason = verdict(lenient, sandbox, source)
    assert found == "fragile"
    assert "1 of 12 failed" in reason and "AssertionError" in reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("    if len(processing) > 50:\n        return list(range(len(processing)))\n", "stress large"),
        ("    processing[1]\n", "IndexError"),
    ],
)
def test_what_breaks_under_stress_is_fragile(loaded: LoadedProblem, sandbox: Sandbox, change: str, words: str) -> None:
    found, reason = verdict(loaded, sandbox, WSPT.replace("    return sorted", f"{change}    return sorted"))
    assert found == "fragile"
    assert words in reason and reason.startswith("stress")


def test_stress_within_the_stated_tolerance_passes(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    source = WSPT.replace(
        "    return sorted", "    if len(processing) > 50:\n        return list(range(len(processing)))\n    return sorted"
    )
    tolerant = LoadedProblem(loaded.folder, replace(loaded.problem, stress_tolerance={"large": 1.0}))
    assert verdict(tolerant, sandbox, source)[0] == "certified"


@pytest.mark.parametrize(
    "source",
    [
        # Remembers across instances: every third sort is in another order.
        with_key("p / w + 5 * (next(calls) % 40 == 39)", "import itertools\ncalls = itertools.count()\n"),
        with_key("p / w + random.random()", "import random\n"),
    ],
    ids=["state", "random"],
)
def test_what_answers_otherwise_the_second_time_is_fragile(loaded: LoadedProblem, sandbox: Sandbox, source: str) -> None:
    found, reason = verdict(loaded, sandbox, source)
    assert found == "fragile"
    assert reason.startswith("determinism") and "then" in reason


def test_a_program_that_cannot_load_is_not_better(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    assert verdict(loaded, sandbox, "order = 1 / 0\n")[0] == "not better"


def test_without_baselines_there_is_nothing_to_certify(tmp_path: Path, sandbox: Sandbox) -> None:
    loaded = class_problem(tmp_path / "dispatch")
    with pytest.raises(ProblemError, match="no baselines"):
        certify(loaded, loaded.program("seed"), sandbox)


def test_too_few_test_instances_are_refused(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    few = LoadedProblem(loaded.folder, replace(loaded.problem, instances=lambda split: loaded.instances(split)[:4]))
    with pytest.raises(ProblemError, match="fewer than 5"):
        certify(few, program(few, WSPT), sandbox)
