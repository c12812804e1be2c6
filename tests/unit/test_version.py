"""A problem's version is that of all that decides a score, and of nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import TOY
from workbench.model import Instance, InstanceResult, Status
from workbench.problem import catalog, gap


@pytest.mark.parametrize(
    ("file", "scores"),
    [
        ("statement.md", True), ("problem.py", True), ("verifier.py", True), ("references.json", True), ("data/new.csv", True),
        ("README.md", False), ("hints.md", False), ("gate.py", False), ("replicates.py", False), (".references.partial", False),
        ("programs/seed.py", False), ("__pycache__/x.pyc", False),
        ("test_toy.py", False), ("test_set.py", True), (".pytest_cache/v/lastfailed", False), ("runs/evolve.db", False),
    ],
)  # fmt: skip
def test_version_follows_what_decides_a_score(tmp_path: Path, file: str, scores: bool) -> None:
    folder = Path(shutil.copytree(TOY, tmp_path / "toy"))
    before = catalog.load(folder).version
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + "\n")
    assert (catalog.reload(folder).version != before) is scores


def test_version_follows_the_evaluators_that_a_problem_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "root", lambda: tmp_path)
    (tmp_path / "evaluators").mkdir()
    used, through, other = (tmp_path / "evaluators" / f"{name}.py" for name in ("used", "through", "other"))
    used.write_text("from evaluators import through\n")
    through.write_text("")
    other.write_text("")
    folder = Path(shutil.copytree(TOY, tmp_path / "toy"))
    problem = catalog.load(folder).problem
    (folder / "problem.py").write_text((folder / "problem.py").read_text() + "\nfrom evaluators.used import Verifier\n")

    def version() -> str:
        return catalog.LoadedProblem(folder, problem).version

    before = version()
    other.write_text("x = 1\n")
    assert version() == before
    through.write_text("x = 1\n")
    assert version() != before


def test_version_follows_the_definition_of_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = catalog.load(TOY).problem
    before = catalog.LoadedProblem(TOY, problem).version
    monkeypatch.setattr(gap, "FORMAT", gap.FORMAT + 1)
    assert catalog.LoadedProblem(TOY, problem).version != before


def test_these_gaps_change_with_the_number_of_their_definition_alone() -> None:
    assert gap.FORMAT == 1, "give the figures below anew for the new definition"
    families = {"a": "big", "b": "big", "c": "zero", "d": "zero", "e": "none"}
    instances = [Instance(id, family, {}) for id, family in families.items()]
    references = {"a": 100.0, "b": -300.0, "c": 0.0, "d": 0.0, "e": 0.0}
    baselines = {
        "near": {"a": 150.0, "b": -300.0, "c": 4.0, "d": 0.0, "e": 0.0},
        "far": {"a": 120.0, "c": 10.0, "d": 10.0, "e": 0.0},
    }
    scales = gap.family_scales(instances, references, baselines)
    assert scales == {"big": 200.0, "zero": 2.0, "none": 1.0}
    assert gap.penalties(instances, references, baselines, scales, "min") == {"big": 1.25, "zero": 6.0, "none": 1.0}
    assert gap.penalties(instances, references, baselines, scales, "max") == {"big": 1.0, "zero": 1.0, "none": 1.0}
    assert [gap.instance_gap(150.0, 100.0, 200.0, sense) for sense in ("min", "max")] == [0.25, -0.25]
    results = [InstanceResult(id, families[id], Status.OK, value) for id, value in (("a", 0.1), ("b", 0.3), ("c", 0.8))]
    assert gap.mean_gap(gap.family_gaps(results)) == pytest.approx(0.5)
