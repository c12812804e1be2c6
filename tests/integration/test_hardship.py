"""Machines that run out of something or stand still: a run goes on or ends with one clear line, and loses nothing."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.kills import below
from tests.conftest import TOY
from tests.integration.silent import Silent, run, trace
from workbench.evaluation import handle, pool, worker
from workbench.evaluation.jobs import Job, VerifierError
from workbench.evaluation.places import Places
from workbench.loop.snapshot import Snapshot
from workbench.loop.start import resume
from workbench.model import Program, Report, Split, Status
from workbench.problem import catalog
from workbench.sandbox import open_sandbox
from workbench.store import FILE, Store


def workers() -> list[int]:
    """Evaluation workers of this process."""
    return [pid for pid, command in below(os.getpid()).items() if "workbench.evaluation.worker" in command]


def once(when: int, act: Callable[[], None]) -> Callable[[Snapshot], None]:
    """A hook for a run's display that acts a single time, after `when` attempts."""
    done: list[int] = []

    def then(snapshot: Snapshot) -> None:
        if snapshot.done >= when and not done:
            done.append(snapshot.done)
            act()

    return then


@pytest.mark.parametrize(("times", "ends"), [(1, Status.OK), (9, Status.MEMORY)], ids=["once", "always"])
def test_a_program_killed_from_outside_is_tried_once_more(monkeypatch: pytest.MonkeyPatch, times: int, ends: Status) -> None:
    loaded = catalog.load(str(TOY))
    slow = Program("def f(x, a):\n    sum(range(3_000_000))\n    return a * x", loaded.problem.entry)
    tries: list[float] = []
    hit: set[int] = set()
    real = worker.evaluate

    def shot_at(*given: Any, **options: Any) -> Report:
        tries.append(time.monotonic())
        done = threading.Event()
        shooter = threading.Thread(target=shoot, args=(done,))
        if len(tries) <= times:
            shooter.start()
        try:
            return real(*given, **options)
        finally:
            done.set()
            if shooter.ident:
                shooter.join()
            while any(Path(f"/proc/{pid}").exists() for pid in hit):  # a spare that is hit but not reaped would be one more killed
                time.sleep(0.01)

    def shoot(done: threading.Event) -> None:
        while not done.wait(0.05):
            for zygote in [pid for pid in below(os.getpid()) if os.getpid() == parent(pid)]:
                for program in below(zygote):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(program, signal.SIGKILL)
                        hit.add(program)

    def parent(pid: int) -> int:
        with contextlib.suppress(OSError):
            return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        return 0

    monkeypatch.setattr(worker, "evaluate", shot_at)
    sandbox = open_sandbox(loaded.problem.modules, allow_unsafe=True)
    try:
        places = Places(sandbox, lambda around: sandbox)
        report = worker.answer(Job(slow, Split.TRAIN, stop_on_failure=True), loaded, places)
    finally:
        sandbox.close()
    assert isinstance(report, Report) and (report.status, len(tries)) == (ends, 2), report.message


def test_full_disk_ends_the_run_with_one_line_and_resume_makes_it_whole(tmp_path: Path) -> None:
    undisturbed = run(tmp_path / "a", candidates=60, seed=3).run
    command = [sys.executable, "-m", "workbench.cli", "run", "tests/toy", "--proposer", "builtin", "-n", "60", "--seed", "3",
               "--tune-trials", "8", "--runs", str(tmp_path / "b"), "--json"]  # fmt: skip
    full = subprocess.run(
        command, cwd=TOY.parent.parent, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)),
    )  # fmt: skip
    errors = [line for line in full.stderr.splitlines() if line.startswith("error:")]
    assert full.returncode == 1 and len(errors) == 1 and "Traceback" not in full.stderr
    assert "what was acknowledged before is kept" in errors[0] and "evolve resume" in errors[0]
    with Store(tmp_path / "b", write=False) as store:
        kept = store.runs()[0].attempts
    assert 0 < kept < 60
    resumed = resume("latest", tmp_path / "b", Silent())
    assert resumed.attempts == 60 and trace(tmp_path / "b", resumed.run) == trace(tmp_path / "a", undisturbed)


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_a_clock_that_jumps_changes_neither_result_nor_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    undisturbed = run(tmp_path / "a", candidates=20).run
    real = time.time
    hook = once(5, lambda: monkeypatch.setattr(time, "time", lambda: real() + jump))
    found = run(tmp_path / "b", hook, candidates=20, max_seconds=600.0)
    monkeypatch.undo()
    assert found.status == "done" and found.seconds < 600
    assert trace(tmp_path / "b", found.run) == trace(tmp_path / "a", undisturbed)


@pytest.mark.parametrize("sent", [signal.SIGSTOP, signal.SIGKILL], ids=["stopped", "killed, as when memory runs out"])
def test_a_worker_that_is_stopped_or_killed_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: int) -> None:
    undisturbed = run(tmp_path / "a", candidates=30).run
    monkeypatch.setattr(pool, "limit_of", lambda job, loaded: 3.0)  # else a minute and more
    hit: list[int] = []

    def strike() -> None:
        hit.append(workers()[0])
        os.kill(hit[0], sent)

    found = run(tmp_path / "b", once(8, strike), candidates=30)
    assert hit and hit[0] not in workers() and not Path(f"/proc/{hit[0]}").exists()
    assert trace(tmp_path / "b", found.run) == trace(tmp_path / "a", undisturbed)


def test_a_worker_that_runs_out_of_memory_is_replaced_and_its_job_done(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TOY, tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__")))
    verifier = folder / "verifier.py"
    verifier.write_text(verifier.read_text().replace("        a, error =", "        bytearray(64 << 20)\n        a, error =", 1))
    loaded = catalog.load(folder)
    job = Job(loaded.program("line"), Split.TRAIN)
    with pool.Pool(loaded, 1) as made:
        expected = made.submit(job).result()
        (pid,) = workers()
        resource.prlimit(pid, resource.RLIMIT_AS, (1 << 20, resource.RLIM_INFINITY))  # what it has it keeps
        found = made.submit(job).result()
        assert workers() != [pid], "the starved worker was replaced"
    assert [r.gap for r in found.results] == [r.gap for r in expected.results]


def test_a_job_survives_three_workers_and_is_blamed_for_the_fourth(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = catalog.load(TOY)
    job = Job(loaded.program("line"), Split.TRAIN)
    with pool.Pool(loaded, 1) as workers:
        expected = workers.submit(job).result()
        receive, kills = handle.Worker._receive, [3]

        def killed(self: handle.Worker, seconds: float) -> Any:
            if kills[0] and seconds != handle.START_SECONDS:
                kills[0] -= 1
                assert self._process
                self._process.kill()
                return None  # what it may have sent before it was killed is lost with it
            return receive(self, seconds)

        monkeypatch.setattr(handle.Worker, "_receive", killed)
        found = workers.submit(job).result()
        assert kills == [0] and [r.gap for r in found.results] == [r.gap for r in expected.results]
        kills[0] = 4
        with pytest.raises(VerifierError, match="killed 4 workers"):
            workers.submit(job).result()
        assert workers.submit(job).result().gap == expected.gap


def test_a_database_locked_by_somebody_else_is_waited_for(tmp_path: Path) -> None:
    undisturbed = run(tmp_path / "a", candidates=30).run
    waits: list[float] = []

    def lock() -> None:
        other = sqlite3.connect(tmp_path / "b" / FILE, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(1.0, lambda: (other.execute("ROLLBACK"), other.close(), waits.append(time.monotonic()))).start()

    found = run(tmp_path / "b", once(5, lock), candidates=30)
    assert waits, "the run did not end before the lock was released"
    assert trace(tmp_path / "b", found.run) == trace(tmp_path / "a", undisturbed)


def test_two_runs_at_once_share_a_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workbench.cli", "run", "tests/toy", "--proposer", "builtin", "-n", "40", "--workers", "1",
               "--runs", str(tmp_path), "--json"]  # fmt: skip
    both = [
        subprocess.Popen([*command, "--seed", str(seed)], cwd=TOY.parent.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for seed in (1, 2)
    ]
    found = [json.loads(process.communicate(timeout=300)[0].splitlines()[-1]) for process in both]
    assert all(f["candidates"] == 40 and f["status"] == "done" for f in found) and found[0]["run"] != found[1]["run"]
    with Store(tmp_path, write=False) as store:
        assert all(len(store.candidates(f["run"])) >= 40 for f in found)


def test_a_folder_that_becomes_read_only_ends_the_run_with_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stores: list[Store] = []
    real = Store.__init__

    def remembered(self: Store, *given: Any, **options: Any) -> None:
        real(self, *given, **options)
        stores.append(self)

    def revoke() -> None:
        stores[0]._db.execute("PRAGMA query_only = ON")  # what root, who may write anywhere, can be made to feel

    monkeypatch.setattr(Store, "__init__", remembered)

    with pytest.raises(Exception, match=r"failed: .*cannot be written.*evolve resume"):
        run(tmp_path, once(5, revoke), candidates=30)
    with Store(tmp_path, write=False) as store:
        kept = store.runs()[0].attempts
    assert 5 <= kept < 30
