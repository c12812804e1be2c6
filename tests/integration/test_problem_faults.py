"""Faults of a problem: `evolve eval` and `evolve run` say the same, in one line, and end with code 1."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import TOY
from workbench.cli.main import main
from workbench.problem import catalog
from workbench.store import Store

Evolve = Callable[..., tuple[int, str, str]]


class Fault(NamedTuple):
    """A text to replace in a file of the toy problem, and what must be said of the result."""

    file: str
    old: str
    new: str
    said: tuple[str, ...]


_END = '        return Measurement(error / len(instance.data["x"]))'
_START = '        a, error = instance.data["a"], 0.0'
_DRAW = "    return [Instance("


def _verifier(line: str, *said: str) -> Fault:
    return Fault("verifier.py", _START, f"        {line}\n{_START}", ("on instance train-", "the verifier", *said))


FAULTS = {
    "returns a dict": Fault("verifier.py", _END, "        return {'objective': error}", ("returned a dict", "Measurement")),
    "returns None": Fault("verifier.py", _END, "        return None", ("returned None", "Measurement")),
    "returns text as the objective": Fault("verifier.py", _END, "        return Measurement('3')", ("objective that is a str",)),
    "returns a list as metrics": Fault("verifier.py", _END, "        return Measurement(error, [1])", ("metrics that are a list",)),
    "raises": _verifier("instance.data['missing']", "failed", "KeyError: 'missing'", "verifier.py, line 1"),
    "raises several lines": _verifier("raise ValueError('one\\ntwo')", "ValueError: one two"),
    "computes without end": _verifier("while True: pass", "did not finish within 0.5 s", "verifier_seconds"),
    "sleeps": _verifier("__import__('time').sleep(600)", "did not finish within 0.5 s"),
    "catches everything": _verifier(
        "\n        while True:\n            try:\n                while True: pass\n            except Exception: pass",
        "did not finish within 0.5 s",
    ),
    "calls sys.exit": _verifier("__import__('sys').exit(3)", "called sys.exit(3)"),
    "is random": Fault(
        "verifier.py", _END, "        return Measurement(error + __import__('random').SystemRandom().random())",
        ("evaluated twice", "seed", "on instance train-"),
    ),
    "counts its calls": Fault(
        "verifier.py", _END, "        self.calls = getattr(self, 'calls', 0) + 1\n        return Measurement(error + self.calls)",
        ("evaluated twice", "on instance train-"),
    ),
    "changes the instance": Fault(
        "verifier.py", _END, "        instance.data['x'].append(7)\n        return Measurement(error)", ("evaluated twice",),
    ),
    "has no instances": Fault("problem.py", _DRAW, f"    return []\n{_DRAW}", ("instances(train)", "no instances")),
    "has no instances of validation": Fault(
        "problem.py", _DRAW, f"    if split == 'validation':\n        return []\n{_DRAW}", ("instances(validation)", "no instance"),
    ),
    "has dicts as instances": Fault("problem.py", _DRAW, f"    return [{{}}]\n{_DRAW}", ("instances(train)", "gave a dict")),
    "has instances that raise": Fault("problem.py", _DRAW, f"    1 / 0\n{_DRAW}", ("instances(train)", "ZeroDivision", "line")),
    "has instances that exit": Fault("problem.py", _DRAW, f"    raise SystemExit(4)\n{_DRAW}", ("instances(train)", "SystemExit")),
    "draws instances unseeded": Fault(
        "problem.py", "{\"x\": [first + k,", "{\"x\": [__import__('random').random(),",
        ("instance train-0 of train differs", "instances(train)"),
    ),
    "shuffles instances unseeded": Fault(
        "problem.py", _DRAW, f"    first += __import__('random').randrange(10**9)\n{_DRAW}", ("instance train-0 of train differs",),
    ),
    "has an initial program that fails": Fault("programs/seed.py", "return", "return 1 / 0 #", ("ZeroDivisionError",)),
}  # fmt: skip


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
def folder(tmp_path: Path) -> Path:
    """A copy of the toy problem to break, with a short time limit for its verifier."""
    shutil.copytree(TOY, tmp_path / "mine")
    problem = tmp_path / "mine" / "problem.py"
    problem.write_text(problem.read_text().replace("memory_mb=256", "memory_mb=256, verifier_seconds=0.5"))
    return tmp_path / "mine"


def _break(folder: Path, fault: Fault) -> None:
    path = folder / fault.file
    text = path.read_text()
    assert fault.old in text
    path.write_text(text.replace(fault.old, fault.new, 1))


def _errors(err: str) -> list[str]:
    assert "Traceback" not in err
    return [line for line in err.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize("name", FAULTS)
def test_eval_and_run_give_the_same_line(evolve: Evolve, folder: Path, tmp_path: Path, name: str) -> None:
    fault = FAULTS[name]
    _break(folder, fault)
    by_eval = evolve("eval", folder, "seed", "--split", "train", "--json")
    catalog.reload(folder)  # a verifier may have changed the instances
    by_run = evolve("run", folder, "--proposer", "builtin", "-n", 2, "--workers", 1, "--runs", tmp_path / "runs", "--json")
    for code, out, err in (by_eval, by_run):
        told = json.loads(out.splitlines()[-1])
        assert code == 1 and all(word in told.get("error", told.get("message")) for word in fault.said), (code, out, err)
    if "initial program" not in name:  # for `eval` a program that fails is a result
        lines = [
            [re.sub("gets .* on instance", "differs on instance", line) for line in _errors(err)] for _, _, err in (by_eval, by_run)
        ]
        assert len(lines[0]) == 1 and lines[0] == lines[1]
    assert not (tmp_path / "runs").exists() or not _runs(tmp_path / "runs")


def _runs(runs: Path) -> list[str]:
    with Store(runs, write=False) as store:
        return [row.id for row in store.runs()]


def test_a_verifier_that_beats_its_own_proof_is_told_in_eval_and_in_the_run(evolve: Evolve, folder: Path, tmp_path: Path) -> None:
    _break(folder, Fault("verifier.py", _END, "        return Measurement(-1.0)", ()))
    code, out, _ = evolve("eval", folder, "seed", "--split", "train")
    assert code == 0 and out.count("better than what is proven to be best") == 1 and "of train: -1" in out
    code, out, err = evolve("run", folder, "--proposer", "builtin", "-n", 3, "--workers", 1, "--runs", tmp_path / "runs")
    assert code == 0 and (out + err).count("better than what is proven to be best") == 1
    with Store(tmp_path / "runs", write=False) as store:
        (row,) = store.runs()
        (event,) = [e for e in store.events(row.id) if e.kind == "fault"]
    assert "candidate 0" in event.message and "of train: -1" in event.message


def test_a_program_that_fails_everywhere_is_told_once_and_exits_1(evolve: Evolve, tmp_path: Path) -> None:
    program = tmp_path / "crash.py"
    program.write_text("def f(x, a):\n    return [][0]\n")
    code, out, err = evolve("eval", TOY, program, "--split", "train")
    assert code == 1 and err == "" and out.count("IndexError") == 1 and "6 of 6 instances" in out
    told = json.loads(evolve("eval", TOY, program, "--json")[1])
    assert told["status"] == "crash" and len(told["instances"]) == 6


@pytest.mark.parametrize("source", ["def f(x, a:\n", "def g(x, a):\n    return 1\n", "import os\ndef f(x, a):\n    return 1\n"])
def test_a_rejected_program_is_json_too(evolve: Evolve, tmp_path: Path, source: str) -> None:
    program = tmp_path / "bad.py"
    program.write_text(source)
    code, out, err = evolve("eval", TOY, program, "--json")
    told = json.loads(out)
    assert code == 1 and told["status"] == "rejected" and told["message"] in err and len(_errors(err)) == 1


def test_wrong_usage_stays_2_and_is_json_where_asked(evolve: Evolve, tmp_path: Path) -> None:
    for words in (("eval", TOY, tmp_path / "none.py"), ("eval", TOY, "seed", "--split", "test"), ("run", "nowhere")):
        code, out, err = evolve(*words, "--json")
        assert code == 2 and _errors(err) == [f"error: {json.loads(out)['error']}"]


def test_an_endless_verifier_is_stopped_outside_the_main_thread(folder: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    import workbench as wb
    from workbench.errors import ProblemFault

    _break(folder, FAULTS["computes without end"])
    with ThreadPoolExecutor(1) as threads, pytest.raises(ProblemFault, match="did not finish within"):
        threads.submit(wb.evaluate, folder, "seed", "train").result()
