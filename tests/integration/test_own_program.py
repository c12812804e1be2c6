"""A person's own program: evaluated on several splits, compared with runs, and added to a run that has ended."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import TOY
from workbench.cli.main import main
from workbench.store import Store

Evolve = Callable[..., tuple[int, str, str]]
GOOD = "def f(x, a):\n    return a * x * x + x\n"
NEAR = "def f(x, a):\n    return a * x * x + 1.01 * x\n"


@pytest.fixture
def evolve(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Evolve:
    """Run a command in this process: exit code, stdout, stderr."""

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["evolve", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
            raise SystemExit(0)
        found = capsys.readouterr()
        return int(ended.value.code or 0), found.out, found.err

    return call


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The best program there is."""
    path = tmp_path / "my.py"
    path.write_text(GOOD)
    return path


def test_eval_takes_several_splits_and_tells_what_is_known_of_each_instance(evolve: Evolve, program: Path) -> None:
    words = ("eval", TOY, program, "--split", "train", "--split", "validation", "--instances")
    code, out, _ = evolve(*words)
    assert code == 0 and "CPU time per instance: median" in out
    for split in ("train", "validation"):
        rows = [line.split() for line in out.splitlines() if line.startswith(f"{split}-")]
        assert len(rows) == 6 and all(row[2] == "ok" and row[3] == "0.00%" and row[4] not in ("–", "0.00%") for row in rows)
    found = json.loads(evolve(*words, "--json")[1])["splits"]
    assert [one["split"] for one in found] == ["train", "validation"]
    for one in found:
        assert 0 < one["cpu_seconds"]["median"] <= one["cpu_seconds"]["longest"]
        assert all(i["cpu_seconds"] > 0 and i["best_baseline"]["gap"] > 0 and i["metrics"] == {} for i in one["instances"])
    code, _, err = evolve("eval", TOY, program, "--split", "train", "--split", "stress")
    assert code == 2 and "evolve certify" in err


def test_a_program_is_added_to_a_run_that_has_ended(evolve: Evolve, program: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    assert evolve("run", TOY, "--proposer", "builtin", "-n", 3, "--workers", 1, "--runs", runs)[0] == 0
    with Store(runs, write=False) as store:
        before = store.runs()[0]
        last = max(a.number for a in store.attempts(before.id))
    program.write_text(NEAR)
    code, out, err = evolve("inject", "latest", program, "--idea", "the `whole` curve\n", "--runs", runs, "--json")
    told = json.loads(out)
    assert code == 0, err
    assert (told["number"], told["status"], told["evaluated"]) == (last + 1, "ok", True) and 0 < told["gap"] < 0.01
    code, out, _ = evolve("inject", "latest", program, "--runs", runs)
    assert code == 0 and f"attempt {last + 2}: duplicate, the same program as candidate {last + 1}" in out
    with Store(runs, write=False) as store:
        after = store.runs()[0]
        made = store.candidate(before.id, last + 1)
    assert made.operator == "inject" and made.idea == "the whole curve" and after.champion == last + 1
    assert (after.status, after.message, after.options) == (before.status, before.message, before.options)
    code, out, err = evolve("resume", "latest", "-n", 7, "--runs", runs, "--json")
    assert code == 0 and json.loads(out)["candidates"] == 7, err
    for source in (GOOD, NEAR.replace("1.01", "1.02")):
        program.write_text(source)
        assert "ok, train gap" in evolve("inject", "latest", program, "--runs", runs)[1]


def test_files_are_compared_with_runs_baselines_and_files(evolve: Evolve, program: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    assert evolve("run", TOY, "--proposer", "builtin", "-n", 2, "--workers", 1, "--runs", runs)[0] == 0
    words = ("compare", program, "latest", "line", program, "--runs", runs)
    code, _, err = evolve(*words)
    assert code == 2 and "--problem" in err
    code, out, err = evolve(*words, "--problem", TOY, "--json")
    found = json.loads(out)
    assert code == 0 and found["program"] == "my.py" and found["gap"] == 0.0, err
    assert [c["wins"] for c in found["comparisons"]] == [6, 6, 0] and found["comparisons"][2]["verdict"] == "the same"
    code, out, _ = evolve("compare", "latest", program, "--runs", runs, "--json")
    assert code == 0 and json.loads(out)["comparisons"][0]["losses"] == 6
    program.write_text("def f(x, a):\n    return 1 / 0\n")
    code, _, err = evolve("compare", "latest", program, "--runs", runs)
    assert code == 2 and "ZeroDivisionError" in err
