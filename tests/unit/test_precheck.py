"""What a certificate would refuse is found on train and validation, and nothing else is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_evidence import knows
from tests.unit.toy import SPT, WSPT, function_problem, program, with_key
from workbench.certification.precheck import Precheck, precheck
from workbench.errors import ProblemError
from workbench.model import Split
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import METAMORPHIC
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = open_sandbox(allow_unsafe=True)
    yield sandbox
    sandbox.close()


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedProblem:
    """The toy, of which a look at a sealed split is an error."""
    found = function_problem(tmp_path / "weighted_completion")
    generate = found.generate

    def open_only(split: Split):  # type: ignore[no-untyped-def]
        assert split in (Split.TRAIN, Split.VALIDATION), f"{split} is sealed"
        return generate(split)

    found.generate = open_only  # type: ignore[method-assign]
    return found


def checked(loaded: LoadedProblem, sandbox: Sandbox, source: str) -> Precheck:
    return precheck(loaded, program(loaded, source), sandbox, budget=200)


def test_a_better_program_passes_every_kind_of_check_without_a_sealed_split(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    found = checked(loaded, sandbox, WSPT)
    words = {check.name: check.word for check in found.checks}
    assert found.passed and "failed" not in words.values(), found.checks
    assert {check.kind for check in found.checks} == {
        "comparison", "answers", "bounds", "consistency", "determinism", "reach", "metamorphic", "dependence", "recognition",
        "growth", "constants", "simplification",
    }  # fmt: skip
    assert words["validation: spt"] == words["metamorphic: jobs in another order"] == words["recognition"] == "passed"
    assert words["growth"] == "not judged", "two sizes say nothing about growth, and test may have more"
    assert found.gaps == {Split.TRAIN: 0.0, Split.VALIDATION: 0.0} and len(found.comparisons) == 2


REFUSED = {
    "no better than a baseline": ((), SPT, "validation: spt", "not ahead"),
    "remembers both": ((Split.TRAIN, Split.VALIDATION), "", "metamorphic: jobs in another order", "most of the lead is gone"),
    "remembers validation": ((Split.VALIDATION,), "", "recognition", "exactly as a baseline on all 11 telling instances of train"),
    "order of a set": (
        (), with_key("p / w + list({str(k) for k in range(99)}).index(str(p % 99)) / 9"), "determinism: surroundings", "hash seed",
    ),
    "earlier instances": (
        (), with_key("p / w + 5 * (next(calls) > 20) * p", "import itertools\ncalls = itertools.count()\n"), "determinism",
        "validation instances ended the same",
    ),
    "fails": ((), with_key("p / (w - 9)"), "validation: answers", "ZeroDivisionError"),
    "one number": ((), with_key("p / w if 0.99 < 1 else p"), "constants", "depends on"),
}  # fmt: skip
"""Splits that a program remembers, or its text; the check that a certificate would refuse it for, and what its line says."""


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_be_refused_fails_here_already(loaded: LoadedProblem, sandbox: Sandbox, case: str) -> None:
    remembered, source, name, words = REFUSED[case]
    found = checked(loaded, sandbox, source or knows(loaded, *remembered))
    check = next(check for check in found.checks if check.name == name)
    assert check.passed is False and words in check.line and not found.passed, [c.line for c in found.checks]


def test_a_lead_within_chance_is_not_judged(loaded: LoadedProblem, sandbox: Sandbox) -> None:
    check = next(c for c in checked(loaded, sandbox, with_key("p - w")).checks if c.name == "validation: spt")
    assert check.passed is None and "ahead, but within chance" in check.line


def test_what_a_problem_lacks_is_not_judged(tmp_path: Path, sandbox: Sandbox) -> None:
    loaded = function_problem(tmp_path / "without")
    (loaded.folder / METAMORPHIC).unlink()
    check = next(c for c in checked(loaded, sandbox, WSPT).checks if c.kind == "metamorphic")
    assert check.passed is None and "does not apply" in check.line
    object.__setattr__(loaded.problem, "baselines", ())
    with pytest.raises(ProblemError, match="no baselines"):
        checked(loaded, sandbox, WSPT)
