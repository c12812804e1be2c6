"""Every attack is stopped or harmless under full isolation, as root and as anybody; a scorer in whose process it runs is harmed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.attacks import ATTACKS, LIMITS, is_stopped, try_it
from tests.sandbox.cheats import CHEATS, judged, trusting
from tests.sandbox.scorer import CANARY, try_in_process
from tests.sandbox.table import ENDED, SECURITY, published
from tests.unit.toy import function_problem
from workbench.errors import PolicyFailure
from workbench.model import Limits, Program, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.protocols import Sandbox

ROOT = Path(__file__).resolve().parents[2]
CASES = [pytest.param(n, a, id=n, marks=pytest.mark.skipif(not a.applies(), reason=f"needs {a.needs}")) for n, a in ATTACKS.items()]


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv(CANARY, "sk-canary")
    folder = tmp_path / "target"
    folder.mkdir()
    (folder / "precious").touch()
    return {"folder": str(folder), "host": os.getpid(), "jobs": [1, 2]}


@pytest.mark.parametrize(("name", "attack"), CASES)
def test_stopped(full: Sandbox, name: str, attack: Any, target: dict[str, Any]) -> None:
    upcoming = ["answer-to-come"]  # in this process, and in this frame
    status, answer = try_it(full, attack, target)
    assert is_stopped(attack, status, answer), (status, answer)
    assert "sk-canary" not in str(answer)
    assert sorted(p.name for p in Path(target["folder"]).iterdir()) == ["precious"]
    assert target["jobs"] == [1, 2] and upcoming
    with full.open(Program("import json\ndef f(x):\n    return json.loads('[1]') + [x]", "f"), LIMITS) as session:
        assert session(2) == [1, 2], "the next program is not touched by the one before"


@pytest.mark.parametrize(("name", "attack"), CASES)
def test_the_same_attack_harms_a_scorer_in_its_own_process(name: str, attack: Any, target: dict[str, Any]) -> None:
    became = try_in_process(attack.program.source, Path(target["folder"]))
    if attack.alone:
        return
    if not became and (name.startswith("raw call") or name == "become root"):
        pytest.skip("this machine lets nobody do that, or only root")
    assert became, "an attack that harms nobody proves nothing"


def test_an_honest_program_leaves_the_scorer_as_it_was(target: dict[str, Any]) -> None:
    assert try_in_process("def attack(target):\n    return target['jobs'][0] - 1", Path(target["folder"])) == ""


# --------------------------------------------------------------------------- attacks on what is scored


@pytest.fixture(scope="module")
def ordering(tmp_path_factory: pytest.TempPathFactory) -> LoadedProblem:
    return function_problem(tmp_path_factory.mktemp("cheats") / "weighted_completion")


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_is_refused_or_scored_as_what_it_is(full: Sandbox, ordering: LoadedProblem, name: str) -> None:
    status, least = judged(CHEATS[name], ordering, full)
    assert status is CHEATS[name].ends and least >= 0
    if status is Status.OK:  # jobs as they come, which is what all of these answer
        gaps = ordering.references.gaps("arrival", Split.TRAIN)
        assert least == pytest.approx(min(gaps.values()))


@pytest.mark.parametrize("name", CHEATS)
def test_the_same_cheat_wins_where_answers_are_trusted(ordering: LoadedProblem, name: str) -> None:
    assert trusting(CHEATS[name], ordering.instances(Split.TRAIN)[8].data) == "wins"


# --------------------------------------------------------------------------- attacks over more than one call


def test_a_patched_clock_fools_a_scorer_in_process_but_not_the_host(full: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
import random
time = random._os.sys.modules["time"]
def attack(x):
    end = time.monotonic() + 0.06
    while time.monotonic() < end: pass
    time.perf_counter = lambda: 0.0
    return x
"""
    monkeypatch.setattr(time, "perf_counter", time.perf_counter)  # put back afterwards
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    namespace["attack"](1)
    assert time.perf_counter() == 0.0
    monkeypatch.undo()
    with full.open(Program(source, "attack"), LIMITS) as session:
        session(1)
        assert session.seconds >= 0.06


def test_a_program_can_tell_the_time(full: Sandbox) -> None:
    """Not stopped, and said so: the clock needs no system call."""
    program = Program("import random\ndef f():\n    return random._os.sys.modules['time'].time()", "f")
    with full.open(program, LIMITS) as session:
        assert abs(session() - time.time()) < 60


def test_a_patched_library_stays_with_the_program_that_patched_it(full: Sandbox) -> None:
    patch = Program("import math, random\nmath.sqrt = random.random = lambda *_: 0\ndef f(x):\n    return math.sqrt(x)", "f")
    honest = Program("import math\ndef f(x):\n    return math.sqrt(x)", "f")
    with full.open(patch, LIMITS) as session:
        assert session(4) == 0
    with full.open(honest, LIMITS) as session:
        assert session(4) == 2


def test_nothing_runs_behind_an_answer(full: Sandbox) -> None:
    source = """
import random
class Late:
    def __del__(self): random._os.write(3, b"late")
keep = Late()
random._os.__builtins__["__import__"]("atexit").register(lambda: random._os.write(3, b"late"))
def f(x): return x
"""
    with full.open(Program(source, "f"), LIMITS) as session:
        assert session(1) == 1
        assert session(2) == 2, "a stray frame would have broken the protocol"


def test_a_forged_answer_ahead_of_time_breaks_the_protocol(full: Sandbox) -> None:
    source = """
import random
def f(x):
    for n in (1, 2, 3):
        frame = b'["ok",%d,0]' % n
        random._os.write(3, len(frame).to_bytes(4, "little") + frame)
    return x
"""
    with full.open(Program(source, "f"), LIMITS) as session, pytest.raises(PolicyFailure) as caught:
        for _ in range(6):  # the forged frames may last for three requests, no longer
            session(1)
    assert caught.value.status is Status.PROTOCOL


def test_memory_of_one_case_is_not_the_next_programs(full: Sandbox) -> None:
    leave = Program("import math\nmath.secret = []\ndef f(x):\n    math.secret.append(x)\n    return len(math.secret)", "f")
    with full.open(leave, LIMITS) as session:
        assert [session(1), session(2)] == [1, 2], "one process keeps its state between cases"
    with full.open(leave, LIMITS) as session:
        assert session(3) == 1, "a fresh one has none"


@pytest.mark.parametrize("text", ["(" * 60_000, "[" * 60_000, "-" * 60_000 + "1", "if 1:\n" + " if 1:\n" * 200, "\x00", "#\ud800"])
def test_a_program_that_is_a_bomb_for_the_parser(full: Sandbox, text: str) -> None:
    with pytest.raises(PolicyFailure) as caught, full.open(Program(text, "f"), Limits(seconds=1.0)):
        pass
    assert caught.value.status in (Status.CRASH, Status.MEMORY, Status.TIMEOUT)


def test_the_published_table_is_up_to_date_and_nothing_wins() -> None:
    rows = published()
    again = "write it again, as root: python -m tests.sandbox.attacks --write"
    assert [row[0] for row in rows] == [*ATTACKS, *CHEATS] and len(rows) >= 60, again
    for name, ended, beside in rows:
        expected = ATTACKS[name].ends if name in ATTACKS else CHEATS[name].ends
        assert ended != "WINS" and ended == (ENDED.get(expected, expected) if expected else ended), (name, again)
        alone = ATTACKS[name].alone if name in ATTACKS else ""
        assert beside == f"nothing: {alone}" if alone else beside and "nothing" not in beside, (name, again)


def test_every_test_that_the_page_names_is_there() -> None:
    found = re.findall(r"`(test_\w+\.py|problems\.py)(?:::(test_\w+))?", SECURITY.read_text())
    files = {p.name: p.read_text() for p in [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "workbench" / "testing").glob("*.py")]}
    assert len(found) > 30
    for file, name in found:
        assert file in files and (not name or f"def {name}(" in files[file]), f"SECURITY.md names {file}::{name}"


# --------------------------------------------------------------------------- as somebody else


NOBODY = 65534


def interpreter_for(uid: int) -> str | None:
    """A Python that user `uid` can run: ours, or the system's (the sandbox needs the standard library alone)."""
    for python in (sys.executable, "/usr/bin/python3", shutil.which("python3", path="/usr/local/bin:/usr/bin") or ""):
        check = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if (
                subprocess.run(check, user=uid, group=uid, extra_groups=[], capture_output=True, check=False, cwd="/").returncode
                == 0
            ):
                return python
        except OSError:
            continue
    return None


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: the tests above ran as an unprivileged user already")
def test_all_attacks_are_stopped_for_an_unprivileged_host(full: Sandbox) -> None:
    python = interpreter_for(NOBODY)
    if python is None:
        pytest.skip("no Python 3.11 or newer that an unprivileged user can run")
    run = subprocess.run(
        [python, "-B", "-m", "tests.sandbox.attacks"], cwd=ROOT, env={"PATH": "/usr/bin"}, check=False,
        user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["uid"] == NOBODY and len(found["results"]) >= 60
    assert {name: r for name, r in found["results"].items() if not r["stopped"]} == {}
