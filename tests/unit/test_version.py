"""A problem's version is that of all that decides a score, and of nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import TOY
from workbench import catalog


@pytest.mark.parametrize(
    ("file", "scores"),
    [
        ("statement.md", True), ("problem.py", True), ("verifier.py", True), ("references.json", True), ("data/new.csv", True),
        ("README.md", False), ("hints.md", False), ("gate.py", False), (".references.partial", False),
        ("programs/seed.py", False), ("__pycache__/x.pyc", False),
    ],
)  # fmt: skip
def test_version_follows_what_decides_a_score(tmp_path: Path, file: str, scores: bool) -> None:
    folder = Path(shutil.copytree(TOY, tmp_path / "toy"))
    before = catalog.load(folder).version
    path = folder / file
    path.parent.mkdir(exist_ok=True)
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
