"""Processes and descriptors: who is alive when, and that nothing is left behind whoever is killed."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.errors import PolicyFailure, SandboxError
from workbench.model import Limits, Program, Status
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox, probe

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc"),
    pytest.mark.usefixtures("without_numpy"),
]
needs_full = pytest.mark.skipif(probe() != "full", reason="the kernel lacks what full isolation needs")

ECHO = Program("def solve(x):\n    return x", "solve")
BUSY = Program("def solve(x):\n    while x: pass\n    return x", "solve")
LIMITS = Limits(seconds=1.0)
ROOT = Path(__file__).resolve().parents[2]


def children(parent: int) -> set[int]:
    """Living children of a process, zombies left out."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, ppid = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(ppid) == parent and state != "Z":
            found.add(int(stat.parent.name))
    return found


def family(parent: int) -> set[int]:
    """Children and grandchildren."""
    direct = children(parent)
    return direct.union(*(children(pid) for pid in direct))


def shared(pid: int) -> list[str]:
    """Mappings of a process that it can write and others see."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    assert len(maps) > 10
    return [m for m in maps if m.split()[1][1] == "w" and m.split()[1][3] == "s"]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def open_descriptors(pid: int | str) -> int | None:
    """None where the process is closed to us: the zygote is, unless we are root."""
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except PermissionError:
        return None


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


class Watched:
    """A sandbox and the zygote behind it."""

    def __init__(self, **options: int) -> None:
        before = children(os.getpid())
        self.sandbox: Sandbox = open_sandbox(isolation="full", **options)
        self._before = before

    @property
    def zygote(self) -> int:
        (pid,) = children(os.getpid()) - self._before
        return pid

    def resting(self) -> set[int]:
        """The one spare, once the child of the program before is reaped."""
        assert eventually(lambda: len(children(self.zygote)) == 1)
        return children(self.zygote)

    def working(self, spares: set[int]) -> int:
        """The child in use, of those that waited before."""
        (pid,) = [p for p in spares if alive(p) and status_of(p)["Seccomp"] == "2"]
        return pid

    def ask(self, argument: int = 1, program: Program = ECHO) -> object:
        with self.sandbox.open(program, LIMITS) as session:
            return session(argument)


@pytest.fixture(scope="module")
def watched(without_numpy: None) -> Iterator[Watched]:
    if probe() != "full":
        pytest.skip("the kernel lacks what full isolation needs")
    made = Watched()
    yield made
    made.sandbox.close()


# --------------------------------------------------------------------------- killed from outside


def test_a_killed_zygote_is_replaced_unnoticed_between_programs(watched: Watched) -> None:
    for _ in range(2):
        before, spares = watched.zygote, children(watched.zygote)
        os.kill(before, signal.SIGKILL)
        assert eventually(lambda gone=before: not alive(gone))  # type: ignore[misc]
        assert watched.ask(5) == 5
        assert watched.zygote != before
        assert eventually(lambda gone=spares: not any(map(alive, gone)))  # type: ignore[misc]


def test_a_zygote_killed_under_a_program_ends_the_block_but_not_the_sandbox(watched: Watched) -> None:
    with pytest.raises(SandboxError, match="run the evaluation again"), watched.sandbox.open(BUSY, LIMITS) as session:
        assert session(0) == 0
        everyone = {watched.zygote, *children(watched.zygote)}
        threading.Timer(0.1, os.kill, (watched.zygote, signal.SIGKILL)).start()
        session(1)
    assert eventually(lambda: not any(map(alive, everyone)))
    assert watched.ask(6) == 6


def test_a_zygote_that_cannot_be_replaced_is_one_clear_line(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    zygote = watched.zygote
    os.kill(zygote, signal.SIGKILL)
    assert eventually(lambda: not alive(zygote))
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    for _ in range(2):
        with pytest.raises(SandboxError, match="cannot start /nonexistent/python"):
            watched.ask()
    monkeypatch.undo()
    assert watched.ask(7) == 7


def test_a_stopped_program_runs_out_of_time_and_is_killed_all_the_same(watched: Watched) -> None:
    spares = watched.resting()
    with watched.sandbox.open(ECHO, Limits(seconds=0.3)) as session:
        child = watched.working(spares)
        os.kill(child, signal.SIGSTOP)
        with pytest.raises(PolicyFailure) as caught:
            session(1)
    assert caught.value.status is Status.TIMEOUT
    assert eventually(lambda: not alive(child))
    assert watched.ask() == 1


def test_a_program_that_does_not_read_cannot_block_the_host(watched: Watched) -> None:
    spares = watched.resting()
    with watched.sandbox.open(ECHO, Limits(seconds=0.3)) as session:
        os.kill(watched.working(spares), signal.SIGSTOP)
        with pytest.raises(PolicyFailure, match="no answer"):
            session("x" * 10_000_000)  # far more than the channel holds


def test_a_program_killed_by_the_system_is_counted_as_out_of_memory(watched: Watched) -> None:
    spares = watched.resting()
    with watched.sandbox.open(ECHO, LIMITS) as session:
        os.kill(watched.working(spares), signal.SIGKILL)
        with pytest.raises(PolicyFailure) as caught:
            session(1)
    assert caught.value.status is Status.MEMORY
    assert watched.ask() == 1


def test_a_killed_spare_is_passed_over(watched: Watched) -> None:
    (spare,) = watched.resting()
    os.kill(spare, signal.SIGKILL)
    assert eventually(lambda: not Path(f"/proc/{spare}").exists())  # reaped, and so reported
    began = time.monotonic()
    assert watched.ask() == 1
    assert time.monotonic() - began < 5


HOST = """
import sys, time
from workbench.model import Limits, Program
from workbench.sandbox import open_sandbox
sandbox = open_sandbox(isolation=sys.argv[1], spares=2)
with sandbox.open(Program("def solve(x):\\n    while x: pass\\n    return x", "solve"), Limits(seconds=100)) as session:
    session(0)
    print("ready", flush=True)
    session(1)
"""


@pytest.mark.parametrize("isolation", [pytest.param("full", marks=needs_full), "none"])
def test_nothing_survives_a_killed_host(isolation: str) -> None:
    host = subprocess.Popen([sys.executable, "-c", HOST, isolation], cwd=ROOT, stdout=subprocess.PIPE)
    assert host.stdout and host.stdout.readline() == b"ready\n"
    everyone = family(host.pid)
    assert len(everyone) >= 3
    host.kill()
    host.wait()
    host.stdout.close()
    assert eventually(lambda: not any(map(alive, everyone)))


@needs_full
def test_the_sandbox_dies_with_the_thread_that_made_it() -> None:
    made: list[Watched] = []
    zygote: list[int] = []

    def make() -> None:
        made.append(Watched())  # kept, so that its socket stays open
        zygote.append(made[0].zygote)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    assert eventually(lambda: not alive(zygote[0]))
    made[0].sandbox.close()


# --------------------------------------------------------------------------- in the ordinary course


def test_three_hundred_programs_leave_no_descriptor_and_no_process(watched: Watched) -> None:
    crash = Program("def solve(x):\n    raise ValueError", "solve")
    gone = Program("def solve(x):\n    import random\n    random._os._exit(1)", "solve")
    watched.ask()
    assert eventually(lambda: len(children(watched.zygote)) == 1)
    gc.collect()  # what other tests left open
    descriptors, zygote = open_descriptors("self"), open_descriptors(watched.zygote)
    for number in range(300):
        if number % 10 < 8:
            assert watched.ask(number) == number
        else:
            with pytest.raises(PolicyFailure):
                watched.ask(1, crash if number % 10 == 8 else gone)
    assert eventually(lambda: len(children(watched.zygote)) == 1)
    assert eventually(lambda: open_descriptors(watched.zygote) == zygote)
    watched.ask()
    assert open_descriptors("self") == descriptors is not None
    assert (zygote is None) == (os.geteuid() != 0)


@needs_full
def test_spares_wait_and_close_ends_them() -> None:
    watched = Watched(spares=3)
    try:
        everyone = {watched.zygote, *children(watched.zygote)}
        assert len(everyone) == 4
        with watched.sandbox.open(ECHO, LIMITS) as one, watched.sandbox.open(ECHO, LIMITS) as two:
            assert [one(1), two(2), one(3)] == [1, 2, 3]
    finally:
        watched.sandbox.close()
    assert eventually(lambda: not any(map(alive, everyone)))


@needs_full
def test_what_a_program_is_allowed_shows_in_its_status() -> None:
    cpu = max(os.sched_getaffinity(0))
    watched = Watched(cpu=cpu)
    try:
        spares = watched.resting()
        with watched.sandbox.open(ECHO, LIMITS) as session:
            child = watched.working(spares)
            assert session(1) == 1
            status = status_of(child)
            assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1" and int(status["CapEff"], 16) == 0
            assert status["Threads"] == "1" and status["Cpus_allowed_list"] == str(cpu)
            if os.geteuid() == 0:
                assert set(status["Uid"].split()) == {"65534"} and status["Groups"] == ""
                assert eventually(lambda: len(children(watched.zygote)) == 2)
                pages = [shared(pid) for pid in children(watched.zygote)]
                assert all(len(page) == 1 and "/memfd:printed" in page[0] for page in pages), "it shares more than what it prints"
                assert len({page[0].split()[4] for page in pages}) == len(pages) == 2, "each has its own page, by inode"
            assert os.getsid(child) == watched.zygote, "Ctrl-C at the host's terminal must not reach it"
    finally:
        watched.sandbox.close()
