"""What a foreign task can do in its sandbox, and what it cannot."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.foreign import LOAD, PROGRAM, task
from workbench.errors import PolicyFailure
from workbench.model import Limits, Program, Status
from workbench.problem import catalog
from workbench.sandbox.foreign import ForeignSandbox
from workbench.sandbox.kernel import FULL, probe

pytestmark = pytest.mark.skipif(probe() != FULL, reason="needs landlock")
GENEROUS = Limits(60.0, 4096)


def evaluated(folder: Path, evaluator: str, limits: Limits = GENEROUS, config: str = "") -> dict[str, object]:
    """Run the initial program of a task with an evaluator, in the sandbox of tasks."""
    found = catalog.load(task(folder, evaluator, config=config)).evaluator
    assert found is not None
    with ForeignSandbox(found).open(Program(PROGRAM, "run"), limits) as session:
        return session()


def trying(statement: str) -> str:
    """Return an evaluator whose score is 1 if a statement succeeds, and 0 if the system refuses it."""
    imports = "import os, signal, socket, subprocess, sys, tempfile, multiprocessing, ctypes\n"
    body = f"    try:\n        {statement}\n    except OSError:\n        return {{'x': 0.0}}\n    return {{'x': 1.0}}\n"
    return f"{imports}def evaluate(path):\n{body}"


REFUSED = {
    "network": "socket.create_connection(('127.0.0.1', 9), 1)",
    "socket": "socket.socket(socket.AF_UNIX)",
    "home": "os.listdir(os.path.expanduser('~ROOT~'))",
    "shadow": "open('/etc/shadow').read()",
    "own folder": "open(os.path.join(os.path.dirname(__file__), 'new'), 'w')",
    "own evaluator": "open(__file__, 'a')",
    "attributes": "os.chmod(__file__, 0o777)",
    "other tmp": "open('/tmp/evolve-foreign-test', 'w')",
    "host's environment": "open(f'/proc/{os.getppid()}/environ').read()",
    "signal": "os.kill(os.getppid(), 0)",
    "limits of others": "import resource; resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)",
}
ALLOWED = {
    "relative file of the task": "open('evaluator.py').read()",
    "relative new file": "open('new.txt', 'w').write('x')",
    "temporary file": "tempfile.NamedTemporaryFile('w', suffix='.py').write('x')",
    "interpreter": "subprocess.run([sys.executable, '-c', 'import numpy'], check=True)",
    "processes": "multiprocessing.Pool(1).map(abs, [-1])",
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_system_refuses(what: str, tmp_path: Path) -> None:
    statement = REFUSED[what].replace("~ROOT~", str(Path.home()))
    before = (tmp_path / "t" / "evaluator.py", trying(statement))
    found = evaluated(tmp_path / "t", trying(statement))
    assert found["score"] == 0.0, f"{what} is possible"
    assert before[0].read_text() == before[1] and before[0].stat().st_mode & 0o777 != 0o777
    assert {p.name for p in (tmp_path / "t").iterdir()} == {"evaluator.py", "initial_program.py"}


def test_tasks_can_do_what_their_evaluators_do(tmp_path: Path) -> None:
    for k, (what, statement) in enumerate(ALLOWED.items()):
        assert evaluated(tmp_path / str(k), trying(statement))["score"] == 1.0, f"{what} is not possible"


def test_no_key_is_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("ANYTHING_ELSE", "1")
    names = ("OPENAI_API_KEY", "ANYTHING_ELSE")
    evaluator = f"import os\ndef evaluate(path):\n    return {{'x': float(any(n in os.environ for n in {names}))}}\n"
    assert evaluated(tmp_path / "t", evaluator)["score"] == 0.0


def test_an_evaluation_that_takes_too_long_ends_with_all_its_processes(tmp_path: Path) -> None:
    evaluator = (
        "import os, subprocess, time\ndef evaluate(path):\n"
        "    child = subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
        "    print('child', child.pid)\n    time.sleep(1000)\n"
    )
    found = catalog.load(task(tmp_path / "t", evaluator)).evaluator
    assert found is not None
    with ForeignSandbox(found).open(Program(PROGRAM, "run"), Limits(3.0, 4096)) as session:
        with pytest.raises(PolicyFailure) as failure:
            session()
        printed = session.printed()
    assert failure.value.status is Status.TIMEOUT
    pid = int(printed.split()[1])
    deadline = time.monotonic() + 30
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(pid), "a process of the task is still there"


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_memory_is_limited(tmp_path: Path) -> None:
    with pytest.raises(PolicyFailure) as failure:
        evaluated(tmp_path / "t", "def evaluate(path):\n    return {'x': float(len(bytearray(900 << 20)))}\n", Limits(60.0, 256))
    assert failure.value.status is Status.MEMORY


def test_nothing_of_an_evaluation_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    evaluated(tmp_path / "t", LOAD + "def evaluate(path):\n    open('left.txt', 'w').write('x')\n    return {'x': 1.0}\n")
    assert not list((tmp_path / "scratch").iterdir())
