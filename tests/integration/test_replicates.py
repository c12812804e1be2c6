"""Candidates that validation cannot tell apart, and how incumbents do on the largest instance."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOY
from tests.integration.silent import run
from tests.integration.test_loop import scripted
from workbench.loop.replicates import Replicates, contenders, told
from workbench.model import InstanceResult, Report, Split, Status
from workbench.problem import catalog
from workbench.store import Store

FURTHER = '''"""Further instances: every x is a multiple of 3; and a long one."""

from workbench.model import Instance


def instances(seed):
    return [Instance(f"more-{seed}-{k}", "steep", {"x": [3 * k, 6 * k, 9], "a": 2}) for k in range(1, 9)]


def largest(seed):
    return Instance(f"more-{seed}-largest", "2000 points", {"x": list(range(1, 2001)), "a": 2})
'''
ERRS = "```python\ndef f(x, a):\n    return (a * x * x + x) * (1.5 if x % 3 == {} else 1.0)\n```"
"""Errs on a third of all points; on train and validation, whatever the third, equally often."""


@pytest.fixture
def further(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(TOY, tmp_path / "toy", ignore=shutil.ignore_patterns("__pycache__")))
    (folder / "replicates.py").write_text(FURTHER)
    return folder


def test_further_instances_decide_where_validation_is_within_noise(tmp_path: Path, further: Path, monkeypatch: Any) -> None:
    for problem, best in ((TOY, 0), (further, 1)):
        scripted(monkeypatch, ERRS.format(0), ERRS.format(1))
        found = run(tmp_path / str(best), problem=problem, proposer="scripted", candidates=2, concurrency=1)
        with Store(tmp_path / str(best), write=False) as store:
            gaps = store.gaps(found.run, Split.VALIDATION)
            program = store.candidate(found.run, found.best.number).program
            told = [e.message for e in store.events(found.run) if "within noise on validation" in e.message]
        assert sorted(gaps.values())[0] == sorted(gaps.values())[1]
        assert f"x % 3 == {best}" in program.source
        assert len(told) == best


def test_prompts_and_store_tell_what_an_incumbent_takes_on_the_largest_instance(
    tmp_path: Path, further: Path, monkeypatch: Any
) -> None:
    slow = "```python\ndef f(x, a):\n    while x > 1999:\n        pass\n    return a * x * x + x\n```"
    scripted(monkeypatch, ERRS.format(0), ERRS.format(2), slow)
    found = run(tmp_path / "runs", problem=further, proposer="scripted", candidates=3, concurrency=1, style="full")
    with Store(tmp_path / "runs", write=False) as store:
        noticed = dict(store.remarks(found.run))
        validated = store.report(found.run, found.best.number, Split.VALIDATION)
    assert noticed[2].startswith("takes ") and noticed[2].endswith("s of 0.5 s on an instance of the largest size (2000 points)")
    assert noticed[4].startswith("takes too long on an instance of the largest size (2000 points)")
    assert found.best.number == 4 and validated.status is Status.OK, "the look at the largest instance counts nowhere"


def report(gaps: list[float]) -> Report:
    results = tuple(InstanceResult(f"i{k}", "all", Status.OK, gap) for k, gap in enumerate(gaps))
    return Report(Split.VALIDATION, Status.OK, sum(gaps) / len(gaps), {"all": sum(gaps) / len(gaps)}, results)


def test_contenders_are_those_within_noise_of_the_best_without_its_copies() -> None:
    reports = {
        3: report([0.1, 0.2, 0.3, 0.2]), 4: report([0.1, 0.2, 0.3, 0.2]), 7: report([0.3, 0.1, 0.4, 0.1]),
        8: report([0.5, 0.6, 0.7, 0.6]),
    }  # fmt: skip
    assert contenders(reports) == [3, 7]


def test_who_fails_on_further_instances_is_left_out_and_the_log_says_by_how_much_the_best_leads(further: Path) -> None:
    replicates = Replicates(catalog.load(further), 0)
    assert len(replicates.instances) == 8 and replicates.largest not in replicates.instances

    def on_further(status: Status, objective: float | None) -> Report:
        results = tuple(InstanceResult(i.id, i.family, status, 0.0, objective) for i in replicates.instances)
        return Report(Split.VALIDATION, status, 0.0, {}, results)

    validation = {number: report([0.1, 0.2, 0.3, 0.4]) for number in (1, 2, 3)}
    late = on_further(Status.TIMEOUT, None)
    pooled = replicates.pooled(validation, {1: on_further(Status.OK, 0.2), 2: on_further(Status.OK, 0.1), 3: late})
    # The best contender has gap 0 on the 8 instances, the other one 1; both have 0.25 on the 4 of validation.
    assert pooled == pytest.approx({2: 0.25 * 4 / 12, 1: (0.25 * 4 + 8) / 12})
    assert told(pooled, [1, 2, 3], 8).endswith("candidates 1, 2 and 3 are within noise on validation; with 8 further instances "
                                               "2 leads by 66.7 pp over 1")  # fmt: skip
    assert replicates.pooled(validation, {1: late, 2: late}) == {}
