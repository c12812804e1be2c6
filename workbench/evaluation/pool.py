"""Pool of evaluation workers; dead or stuck workers are replaced."""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from multiprocessing.connection import Connection
from typing import Any

from workbench.errors import ProblemError, SandboxError
from workbench.evaluation.jobs import Fault, Job, Ready, VerifierError, instances_of
from workbench.model import Report
from workbench.problem.catalog import LoadedProblem
from workbench.system.redact import is_secret_name

START_SECONDS = 120.0
_STARTS = 3
_DEATHS, _HANGS = 4, 2
"""Number of dead and stuck workers after which the job itself is taken as the cause, not the machine."""


class Pool:
    """Executor with several worker processes, each with its own warm sandbox and owned by a thread of this process.

    Parameters
    ----------
    loaded
        The problem; workers load it from its folder.
    workers
        Number of worker processes; one per CPU core is best.
    allow_unsafe, isolation
        Passed to `open_sandbox`.

    Raises
    ------
    SandboxError
        A worker cannot start; the others are ended.
    """

    def __init__(self, loaded: LoadedProblem, workers: int, *, allow_unsafe: bool = False, isolation: str | None = None) -> None:
        self._loaded, self._unsafe, self._wanted = loaded, allow_unsafe, isolation
        self._jobs: queue.SimpleQueue[tuple[Job, Future[Report]] | None] = queue.SimpleQueue()
        started: queue.SimpleQueue[str | BaseException] = queue.SimpleQueue()
        cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self._threads = [
            # The owning thread starts the process: the kernel kills a child when the *thread* that started it ends.
            threading.Thread(target=self._own, args=(cpus[k] if workers <= len(cpus) else None, started), daemon=True)
            for k in range(workers)
        ]
        for thread in self._threads:
            thread.start()
        answers = [started.get() for _ in self._threads]
        for answer in answers:
            if isinstance(answer, BaseException):
                self.close()
                raise answer
        self.isolation = str(answers[0])

    def submit(self, job: Job) -> Future[Report]:
        """Queue a job. The future raises `VerifierError` or `SandboxError` for failures not caused by the candidate."""
        future: Future[Report] = Future()
        self._jobs.put((job, future))
        return future

    def close(self) -> None:
        """Cancel queued jobs and end all workers after their current job."""
        while True:
            try:
                item = self._jobs.get_nowait()
            except queue.Empty:
                break
            if item:
                item[1].cancel()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout=60)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _own(self, cpu: int | None, started: queue.SimpleQueue[str | BaseException]) -> None:
        worker = _Worker(self._loaded, cpu, self._unsafe, self._wanted)
        try:
            started.put(worker.start())
        except BaseException as error:
            worker.kill()
            started.put(error)
            return
        while (item := self._jobs.get()) is not None:
            job, future = item
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(worker.run(job))
                except BaseException as error:
                    future.set_exception(error)
        worker.stop()


class _Worker:
    """Host-side handle of one worker process, used by its owning thread."""

    def __init__(self, loaded: LoadedProblem, cpu: int | None, unsafe: bool, wanted: str | None) -> None:
        self._loaded = loaded
        self._arguments = ["" if cpu is None else str(cpu), "1" if unsafe else "0", wanted or ""]
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    def start(self) -> str:
        """Start the process, wait until it is ready, and return its isolation level.

        Raises
        ------
        SandboxError
            The worker reports that it cannot run, or dies three times at startup.
        """
        for _ in range(_STARTS):
            answer = self._begin()
            if isinstance(answer, Ready) and answer.version == self._loaded.version:
                return answer.isolation
            self.kill()
            if isinstance(answer, Ready):
                raise ProblemError(
                    f"{self._loaded.slug} was edited while it was in use (version {self._loaded.version}, now {answer.version}) "
                    "and scores would not be comparable: start a new run"
                )
            if isinstance(answer, Fault):
                raise SandboxError(answer.message)
        raise SandboxError(f"an evaluation worker died {_STARTS} times at startup; check that memory is available")

    def _begin(self) -> Any:
        ours, theirs = socket.socketpair()
        command = [
            sys.executable,
            "-m",
            "workbench.evaluation.worker",
            str(theirs.fileno()),
            str(os.getpid()),
            self._loaded.address,
        ]
        environment = {name: value for name, value in os.environ.items() if not is_secret_name(name)}
        environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)  # the checkout or installation in use
        self._process = subprocess.Popen(
            command + self._arguments,
            pass_fds=[theirs.fileno()],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal reaches only the host, which ends its workers in order
        )
        theirs.close()
        self._pipe = Connection(ours.detach())
        return self._receive(START_SECONDS)

    def run(self, job: Job) -> Report:
        """Run a job; if the worker dies or hangs, replace it and repeat the job."""
        limit = self._limit(job)
        deaths = hangs = 0
        while deaths < _DEATHS and hangs < _HANGS:
            answer, began = None, time.monotonic()
            try:
                assert self._pipe
                self._pipe.send(job)
                answer = self._receive(limit)
            except (BrokenPipeError, ConnectionResetError):
                pass
            if isinstance(answer, Report):
                return answer
            if isinstance(answer, Fault) and not answer.fatal:
                raise VerifierError(answer.message)
            late = answer is None and time.monotonic() - began >= limit
            deaths, hangs = deaths + (not late), hangs + late
            self.kill()
            self.start()
        words = f"did not finish within {limit:.0f} s, {hangs} times" if hangs else f"killed {deaths} workers"
        raise VerifierError(answer.message if isinstance(answer, Fault) else f"{self._loaded.slug}: the evaluation {words}")

    def _limit(self, job: Job) -> float:
        """Return the time after which a worker counts as stuck, in seconds.

        It is longer than the verifier's limit for one instance, so that a verifier that hangs is named by its worker; only one
        that hangs outside Python reaches this limit.
        """
        limits = self._loaded.problem.limits
        return 60.0 + limits.verifier_seconds + 4.0 * limits.seconds * len(instances_of(job, self._loaded))

    def _receive(self, seconds: float) -> Any:
        assert self._pipe
        try:
            return self._pipe.recv() if self._pipe.poll(seconds) else None
        except (EOFError, ConnectionResetError):
            return None

    def stop(self) -> None:
        """Let the process end by itself; kill it if it does not."""
        if self._pipe:
            self._pipe.close()
        if self._process:
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """Kill the process; its sandbox ends with it."""
        if self._pipe:
            self._pipe.close()
            self._pipe = None
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
