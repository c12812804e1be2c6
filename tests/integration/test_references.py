"""`evolve references`: what is solved outlives an interruption and nothing else, progress is told, and only what lacks is added."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOY
from workbench.loop import display
from workbench.problem.references import FILE, PARTIAL

SOLVE = """    return Reference(0.0, "bound", "no error is negative")
"""
SLOW = """    import os, time
    from pathlib import Path
    with (Path(__file__).parent.parent / "solved").open("a") as log:
        log.write(f"{instance.id} {os.getpid()}\\n")
    time.sleep(0.1)
    return Reference(0.0, "bound", "no error is negative")
"""
IDS = {f"{split}-{k}" for split in ("train", "validation", "test", "stress") for k in range(6)}


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """The toy problem with a solver that takes a while and writes down what it is asked; without references."""
    folder = Path(shutil.copytree(TOY, tmp_path / "slow"))
    (folder / FILE).unlink()
    change(folder / "problem.py", SOLVE, SLOW)
    return folder


def change(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def asked(folder: Path) -> list[str]:
    """Instances that the solver was given since the last time."""
    log = folder.parent / "solved"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [line.split()[0] for line in lines]


def begin(folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "workbench.cli", "references", str(folder), "--workers", "1", *words]
    return subprocess.Popen(
        command, cwd=TOY.parent.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs begin with it ignored
    )  # fmt: skip


def make(folder: Path, *words: str) -> str:
    """Run to the end; stderr."""
    process = begin(folder, *words)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return errors


def interrupt(folder: Path, sent: int, to_all: bool = False) -> tuple[int, str]:
    """Begin, and send a signal once something is kept; exit code and stderr, when the solver's process is gone as well."""
    process = begin(folder, "--make")
    while kept(folder) < 3:
        assert process.poll() is None
        time.sleep(0.02)
    solver = int((folder.parent / "solved").read_text().split()[1])
    if to_all:
        os.killpg(process.pid, sent)  # as a terminal does
    else:
        process.send_signal(sent)
    _, errors = process.communicate(timeout=300)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{solver}").exists():
        assert time.monotonic() < deadline, "the solver's process outlived its parent"
        time.sleep(0.02)
    return process.returncode, errors


def kept(folder: Path) -> int:
    partial = folder / PARTIAL
    return sum(bool(line.strip()) for line in partial.read_text().splitlines()) if partial.exists() else 0


def entries(folder: Path) -> dict[str, Any]:
    return {id: entry for split in json.loads((folder / FILE).read_text())["splits"].values() for id, entry in split.items()}


@pytest.mark.parametrize(
    ("sent", "to_all"),
    [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGKILL, False)],
    ids=["Ctrl-C", "SIGINT", "kill -9"],
)
def test_an_interrupted_command_goes_on_where_it_was(slow: Path, sent: int, to_all: bool) -> None:
    code, errors = interrupt(slow, sent, to_all)
    assert code != 0 and "Traceback" not in errors and not (slow / FILE).exists()
    assert ("stopped; solved instances are kept" in errors) is (sent == signal.SIGINT)
    first, number = asked(slow), kept(slow)
    with (slow / PARTIAL).open("a") as file:
        file.write('\n["torn')
    errors = make(slow, "--make")
    second = asked(slow)
    assert f"continuing from {slow / PARTIAL}" in errors and f"solve: {number}/24" in errors
    assert len(first) < 24 and set(first) | set(second) == IDS
    assert len(second) == 24 - number and len(set(first) & set(second)) <= 1  # the one that was under way
    assert not (slow / PARTIAL).exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "anew"),
    [
        ("verifier.py", "import math", "import math  # a word", 24),
        ("programs/line.py", "def f", "# a word\ndef f", 24),
        ("README.md", "", "", 0),
    ],
)
def test_what_was_solved_by_other_code_is_not_used(slow: Path, file: str, old: str, new: str, anew: int) -> None:
    interrupt(slow, signal.SIGKILL)
    number = kept(slow)
    asked(slow)
    if anew:
        change(slow / file, old, new)
    else:
        (slow / file).write_text("Words.\n")
    make(slow, "--make")
    assert len(asked(slow)) == (anew or 24 - number)


def test_what_was_solved_of_other_instances_is_not_used(slow: Path) -> None:
    (slow.parent / "shift").write_text("0")
    change(slow / "problem.py", "first + k, k + 2, 5]", 'first + k, k + 2, 5 + int(open(__file__[:-15] + "shift").read()) * k]')
    interrupt(slow, signal.SIGKILL)
    number = kept(slow)
    asked(slow)
    (slow.parent / "shift").write_text("1")  # the same code makes other instances, but for number 0 of each split
    make(slow, "--make")
    assert number >= 3 and len(asked(slow)) == 24 - 1


def test_progress_is_told_in_plain_lines(slow: Path) -> None:
    lines = make(slow).splitlines()
    steps = [line for line in lines if line.startswith(("solve: ", "baselines: "))]
    assert steps[0] == "solve: 0/24, 0 s" and steps[1].startswith("solve: 24/24, ") and steps[1].endswith(" s")
    assert steps[2].startswith("baselines: 0/48") and steps[3].startswith("baselines: 48/48") and len(steps) == 4


def test_progress_is_told_every_few_seconds(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from workbench.cli.console import console

    clock = [100.0]
    monkeypatch.setattr(display.time, "monotonic", lambda: clock[0])
    steps = display.Steps(console(True))
    for done in (0, 0, 0, 0, 1, 1, 1, 1):
        steps.show("solve", done, 2)
        clock[0] += 5
    assert capsys.readouterr().err.splitlines() == ["solve: 0/2, 0 s", "solve: 0/2, 10 s", "solve: 1/2, 20 s", "solve: 1/2, 30 s"]


def test_only_what_lacks_is_added(slow: Path) -> None:
    make(slow)
    assert set(asked(slow)) == IDS
    path, old = slow / FILE, entries(slow)
    change(slow / "problem.py", "for k in range(6)]", "for k in range(8 if split == 'train' else 6)]")
    change(slow / "problem.py", ', Baseline("square", "Plain square", "folklore"))', ",)")
    raw = json.loads(path.read_text())
    raw["made_with"] = {"python": "3.0"}
    raw["splits"]["train"]["train-0"]["value"] = -1.0  # an entry that was there stays what it was
    path.write_text(json.dumps(raw))
    process = begin(slow)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 2 and errors.startswith("error: ") and errors.rstrip().endswith("--missing")
    make(slow, "--missing")
    assert asked(slow) == ["train-6", "train-7"]
    found = entries(slow)
    assert set(found) == {*IDS, "train-6", "train-7"} and found["train-0"]["value"] == -1.0
    assert all(found[id]["baselines"] == {"line": old[id]["baselines"]["line"]} for id in IDS)
    assert set(found["train-7"]["baselines"]) == {"line"}
    assert all(list(entry) == ["value", "status", "solver", "seconds", "baselines"] for entry in found.values())
    head = json.loads(path.read_text())
    assert head["made_with"] == {"python": "3.0"} and [set(v) >= {"python"} for v in head["added_with"]] == [True]
    before = path.read_text()
    make(slow, "--missing")  # nothing lacks: nothing changes, and so no version either
    assert path.read_text() == before and asked(slow) == []


@pytest.mark.parametrize(
    ("old", "new", "words", "named"),
    [
        ("", "", ("--make", "--missing"), "either --make or --missing"),
        ("", "", ("--make", "--workers", "0"), "--workers must be at least 1, not 0"),
        ("time.sleep(0.1)", "1 / 0", ("--make",), "solving train-0 failed: ZeroDivisionError"),
        ("time.sleep(0.1)", "os._exit(1)", ("--make",), "a solver process died"),
    ],
)
def test_one_line_says_what_is_wrong(slow: Path, old: str, new: str, words: tuple[str, ...], named: str) -> None:
    if old:
        change(slow / "problem.py", old, new)
    process = begin(slow, *words)
    _, errors = process.communicate(timeout=300)
    told = [line for line in errors.splitlines() if not line.startswith("solve: ")]
    assert process.returncode == 2 and len(told) == 1 and told[0].startswith("error: ") and named in told[0], errors
    assert len(asked(slow)) <= 3, "the others were not solved before it was told"
