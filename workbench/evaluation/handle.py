"""A worker process as its owner sees it: started, asked, replaced when it dies or hangs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from workbench.errors import ProblemError, SandboxError
from workbench.evaluation.jobs import Fault, Job, Ready, VerifierError
from workbench.model import Report
from workbench.system.redact import is_secret_name

START_SECONDS = 120.0
HANGS = 2
_STARTS = 3
_DEATHS = 4
"""Number of dead workers, and of stuck ones, after which the job itself is taken as the cause, not the machine."""


class Source(NamedTuple):
    """Where a worker loads its problem from.

    Attributes
    ----------
    address, slug, version
        As those of the `LoadedProblem`; a worker that finds another version is refused.
    folder
        Where the worker starts, so that it imports the project from there; None: as this process does.
    """

    address: str
    slug: str
    version: str
    folder: Path | None = None


class Worker:
    """One worker process, used by the thread that starts it: the kernel kills the process when that thread ends.

    Parameters
    ----------
    cpu
        CPU to which it is bound; None: to none.
    allow_unsafe, isolation
        Passed to `open_sandbox`.
    """

    def __init__(self, source: Source, cpu: int | None, allow_unsafe: bool, isolation: str | None) -> None:
        self._source = source
        self._arguments = ["" if cpu is None else str(cpu), "1" if allow_unsafe else "0", isolation or ""]
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
            if isinstance(answer, Ready) and answer.version == self._source.version:
                return answer.isolation
            self.kill()
            if isinstance(answer, Ready):
                raise ProblemError(
                    f"{self._source.slug} was edited while it was in use (version {self._source.version}, now {answer.version}) "
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
            self._source.address,
        ]
        environment = {name: value for name, value in os.environ.items() if not is_secret_name(name)}
        environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)  # the checkout or installation in use
        self._process = subprocess.Popen(
            command + self._arguments,
            pass_fds=[theirs.fileno()],
            env=environment,
            cwd=self._source.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal reaches only the host, which ends its workers in order
        )
        theirs.close()
        self._pipe = Connection(ours.detach())
        return self._receive(START_SECONDS)

    def run(self, job: Job, limit: float) -> Report:
        """Run a job; if the worker dies or hangs for `limit` seconds, replace it and repeat the job.

        Raises
        ------
        VerifierError
            The evaluation fails for another reason than the candidate, or costs one worker after the other.
        SandboxError
            A dead worker cannot be replaced.
        """
        deaths = hangs = 0
        while deaths < _DEATHS and hangs < HANGS:
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
        raise VerifierError(answer.message if isinstance(answer, Fault) else f"{self._source.slug}: the evaluation {words}")

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
