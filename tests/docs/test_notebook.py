"""The quickstart notebook runs: in a checkout, and from a wheel that is installed elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs" / "quickstart.ipynb"


HEURISTICS = """
import workbench as wb
from workbench import gallery
assert {one.name for one in wb.exhibits()} == set(dir(gallery)) and wb.verify("prism", rescore=True).holds
assert all(callable(getattr(gallery, name)) for name in dir(gallery))
from workbench.gallery import prism
models = [{"rate": rate, "slo": 1.0, "size": 10} for rate in (3, 2, 1)]
assert prism(2, 80, models) in ([0, 1, 1], [1, 0, 0])
"""
"""What a user's own code can do with what ships."""


def execute(folder: Path, monkeypatch: pytest.MonkeyPatch, packages: Path, cells: int | None = None) -> nbformat.NotebookNode:
    """Run the notebook, or its first cells, in an empty folder with `packages` first on the path."""
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.setenv("EVOLVE_RUNS", str(folder / "runs"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells = notebook.cells[:cells]
    kernel = {"kernel_name": "python3", "timeout": 300, "resources": {"metadata": {"path": str(folder)}}}
    return NotebookClient(notebook, **kernel).execute()


def outputs(notebook: nbformat.NotebookNode, start: str) -> str:
    """What the cell that starts so put out, all kinds in one text."""
    cell = next(c for c in notebook.cells if c.cell_type == "code" and c.source.startswith(start))
    return str(cell.outputs)


def check(notebook: nbformat.NotebookNode) -> None:
    """The five lines and what is shown of them."""
    assert "% from the optimum on validation" in outputs(notebook, "import workbench")
    assert "<progress" in outputs(notebook, "import workbench"), "progress is a bar in a notebook"
    assert "best candidate" in outputs(notebook, "result") and "<table>" in outputs(notebook, "result")
    assert "def " in outputs(notebook, "print(result.best.source)")
    assert "<table" in outputs(notebook, "result.history") and "vega-lite" in outputs(notebook, "result.plot()")


def test_in_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = execute(tmp_path, monkeypatch, ROOT)
    check(notebook)
    assert "<table>" in outputs(notebook, "import random"), "a strategy of the notebook's own"
    assert "ok" in outputs(notebook, "import re"), "a proposer of the notebook's own"
    assert "best candidate" in outputs(notebook, "class Nearest"), "a problem of the notebook's own"


@pytest.mark.slow
def test_from_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)], check=True)
    wheel = next(tmp_path.glob("*.whl"))
    packages = tmp_path / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(packages), str(wheel)], check=True)
    (tmp_path / "elsewhere").mkdir()
    where = subprocess.run(
        [sys.executable, "-c", "import workbench; print(workbench.__file__)"], cwd=tmp_path / "elsewhere",
        env={**os.environ, "PYTHONPATH": str(packages)}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert Path(where.strip()).is_relative_to(packages)
    shipped = subprocess.run(
        [sys.executable, "-c", HEURISTICS], cwd=tmp_path / "elsewhere", env={**os.environ, "PYTHONPATH": str(packages)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert shipped.returncode == 0, shipped.stdout + shipped.stderr
    check(execute(tmp_path / "elsewhere", monkeypatch, packages, cells=8))
