"""Sandbox without isolation, for kernels that support none: programs run in ordinary subprocesses."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import subprocess
from collections import deque
from collections.abc import Callable, Collection, Iterator

from workbench.errors import SandboxError
from workbench.model import Limits, Program, Surroundings
from workbench.program.source import MODULES
from workbench.sandbox.frames import encode
from workbench.sandbox.kernel import NONE
from workbench.sandbox.launch import launch, search_path
from workbench.sandbox.printed import Page, make_page
from workbench.sandbox.session import ProgramSession

_START_SECONDS = 60.0


class PlainSandbox:
    """Sandbox without isolation, with the same protocol, clocks and resource limits as `IsolatedSandbox`.

    A program can read files, use the network and start processes with the permissions of the user. Each program needs a new
    interpreter; this works on any POSIX system.

    Parameters
    ----------
    modules, spares, cpu, surroundings
        As for `IsolatedSandbox`.
    """

    isolation = NONE

    def __init__(self, modules: Collection[str], spares: int, cpu: int | None, surroundings: Surroundings) -> None:
        self._allowed = sorted(MODULES.union(modules))
        self._cpu = cpu
        self._surroundings = surroundings
        self._waiting: deque[PlainChild] = deque()
        self._spares = max(1, spares)
        self._closed = False

    @contextlib.contextmanager
    def open(self, program: Program, limits: Limits) -> Iterator[ProgramSession]:
        """Load `program` into a new process, which is killed on exit from the context."""
        if self._closed:
            raise SandboxError("the sandbox is closed")
        while len(self._waiting) < self._spares + 1:
            self._waiting.append(PlainChild(self._start))
        child = self._waiting.popleft()
        try:
            wanted = sorted(set(re.findall(r"\w+", program.source)).intersection(self._allowed))
            child.prepare(encode("prepare", self._allowed, wanted, search_path(), self._cpu, child.page))
            yield ProgramSession(child, program, limits, self._surroundings)
        finally:
            child.kill()

    def _start(self, theirs: socket.socket, page: int) -> subprocess.Popen[bytes]:
        return launch("plain", theirs, self._surroundings.hash_seed, page)

    def close(self) -> None:
        """End every process that this sandbox started."""
        self._closed = True
        while self._waiting:
            self._waiting.popleft().kill()


class PlainChild:
    """A process of its own interpreter; see `workbench.sandbox.session.Child`.

    Parameters
    ----------
    start
        Starts it with its end of the channel and the page of what it prints.
    """

    def __init__(self, start: Callable[[socket.socket, int], subprocess.Popen[bytes]]) -> None:
        self.channel, theirs = socket.socketpair()
        self.page = make_page()  # a descriptor that has the same number in the process
        self.printed = Page(self.page)
        try:
            self._process = start(theirs, self.page)
            self.pid = self._process.pid
        except SandboxError:
            self.channel.close()
            self.printed.end()
            raise

    def prepare(self, request: bytes) -> None:
        """Complete the imports before the program's clock starts."""
        poll = select.poll()
        poll.register(self.channel, select.POLLIN)
        try:
            self.channel.sendall(request)
            ready = poll.poll(_START_SECONDS * 1000) and self.channel.recv(64)
        except OSError:
            ready = b""
        if not ready:
            raise SandboxError(f"the sandbox process did not start (exit code {self.exit_code(1.0)})")

    def exit_code(self, patience: float) -> int | None:
        """Return the exit code, waiting at most `patience` seconds; None if the process is still running."""
        try:
            return self._process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """Kill the process and close the channel."""
        self.channel.close()
        self._process.kill()
        self._process.wait()
        self.printed.end()
