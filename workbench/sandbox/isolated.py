"""Isolated sandbox: programs run in confined processes forked from a warm zygote."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Collection, Iterator
from time import monotonic

from workbench.errors import SandboxError
from workbench.model import Limits, Program, Surroundings
from workbench.program.source import MODULES
from workbench.sandbox import landlock, seccomp
from workbench.sandbox.kernel import FULL, inspect
from workbench.sandbox.launch import launch, search_path
from workbench.sandbox.printed import SIZE, Page
from workbench.sandbox.session import ProgramSession

_START_SECONDS = 60.0
_SPARE_SECONDS = 20.0


class IsolatedSandbox:
    """Sandbox with kernel isolation. Use it only from the thread that created it, and keep that thread alive.

    The kernel ties the zygote's life to the *thread* that started it: when that thread ends, for any reason, the zygote and
    all programs are killed. They also end when the host closes its end of the control socket.

    A killed zygote is restarted. If this happens while a program is being loaded, loading is repeated; inside an `open`
    block the program's state is lost, and its next request raises `SandboxError`: run the evaluation again.

    There are two zygotes: one with the standard library only, and one with numpy and the problem's modules, started when a
    program first names one of them. Forking from the small one takes a third less time.

    Parameters
    ----------
    modules
        Modules that programs may import in addition to `workbench.program.source.MODULES`.
    isolation
        `full` (with landlock) or `seccomp-only`.
    spares
        Number of processes forked in advance.
    cpu
        CPU to which the zygote and its children are bound; None for any.
    surroundings
        Properties of their process that programs could observe.

    Raises
    ------
    SandboxError
        The zygote cannot start, an allowed module cannot be imported, or the confinement test of a trial child fails.
    """

    def __init__(self, modules: Collection[str], isolation: str, spares: int, cpu: int | None, surroundings: Surroundings) -> None:
        self.isolation = isolation
        allowed = MODULES.union(modules)
        self._libraries = allowed - sys.stdlib_module_names
        self._config: dict[str, object] = {
            "path": search_path(),
            "cpu": cpu,
            "page": SIZE,
            "seccomp": seccomp.filter_program(inspect().machine).hex(),
            "landlock": landlock.ruleset(inspect().landlock_abi).hex() if isolation == FULL else "",
        }
        self._spares = max(1, spares)
        self._surroundings = surroundings
        self._closed = False
        self._zygotes: dict[frozenset[str], _Zygote] = {}  # by imported modules
        self._small, self._large = frozenset(allowed - self._libraries), frozenset(allowed)
        try:
            self._zygote(self._small)
            if self._libraries - MODULES:  # reports a module that is not installed now
                self._zygote(self._large)
        except SandboxError:
            self.close()
            raise

    @contextlib.contextmanager
    def open(self, program: Program, limits: Limits) -> Iterator[ProgramSession]:
        """Load `program` into a new process, which is killed on exit from the context."""
        if self._closed:
            raise SandboxError("the sandbox is closed")
        session = self._load(program, limits)
        try:
            yield session
        finally:
            session.end()

    def close(self) -> None:
        """End every process that this sandbox started."""
        self._closed = True
        for zygote in self._zygotes.values():
            zygote.close()
        self._zygotes.clear()

    def _load(self, program: Program, limits: Limits) -> ProgramSession:
        # A name composed at run time is not found here; its import then fails in the program's process.
        modules = self._large if any(name in program.source for name in self._libraries) else self._small
        try:
            return ProgramSession(self._zygote(modules).take(), program, limits, self._surroundings)
        except _ZygoteLost:
            self._zygotes.pop(modules).close()
        return ProgramSession(self._zygote(modules).take(), program, limits, self._surroundings)

    def _zygote(self, modules: frozenset[str]) -> _Zygote:
        for tries_left in (2, 1, 0):
            if modules in self._zygotes:
                break
            try:
                self._zygotes[modules] = _Zygote(
                    {**self._config, "modules": sorted(modules)}, self._spares, self._surroundings.hash_seed
                )
            except _Stillborn:
                if not tries_left:
                    raise
        return self._zygotes[modules]


class _ZygoteLost(SandboxError):
    """The zygote has ended; the sandbox starts another one at the next `open`."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the sandbox's zygote process was lost ({why}); run the evaluation again")


class _Stillborn(SandboxError):
    """A zygote ended before it was ready without reporting a reason: killed from outside, or out of memory."""


class _Zygote:
    """Host-side handle of one zygote process: waiting children, reports of ended ones, kill requests."""

    def __init__(self, config: dict[str, object], spares: int, hash_seed: int) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._waiting: deque[_IsolatedChild] = deque()
        self._dead: dict[int, int] = {}
        self._in_use: set[int] = set()
        self._poll = select.poll()
        self._poll.register(self._control, select.POLLIN)
        try:
            self._process = launch("zygote", theirs, hash_seed)
        except SandboxError:
            self._control.close()
            raise
        try:
            self._control.send(json.dumps(config).encode())
            self._await_ready(config)
            for _ in range(spares):
                self._order(b"+")
            while len(self._waiting) < spares:
                self._receive(monotonic() + _SPARE_SECONDS)
        except BaseException as error:
            self.close()
            if isinstance(error, _ZygoteLost | OSError):
                raise _Stillborn(f"the sandbox's zygote process died at startup (exit code {self._process.returncode})") from error
            raise

    def take(self) -> _IsolatedChild:
        """Return a child ready to load a program; the next one is forked while this one works."""
        self._drain()
        deadline = monotonic() + _SPARE_SECONDS
        while not self._waiting:
            self._receive(deadline)
        self._order(b"+")
        child = self._waiting.popleft()
        self._in_use.add(child.pid)
        return child

    def exit_code(self, pid: int, patience: float) -> int | None:
        """Return the exit code of child `pid`, waiting at most `patience` seconds; None if it has not ended."""
        deadline = monotonic() + patience
        while pid not in self._dead:
            self._require_open()
            left = deadline - monotonic()
            if left <= 0 or not self._poll.poll(left * 1000):
                return None
            self._receive(deadline)
        return self._dead[pid]

    def kill(self, pid: int) -> None:
        """Kill a child in use."""
        self._in_use.discard(pid)
        if self._dead.pop(pid, None) is None:
            with contextlib.suppress(_ZygoteLost):  # then the child has ended too
                self._order(b"k %d" % pid)

    def close(self) -> None:
        """End the zygote and thereby all its children. May be called twice."""
        for child in self._waiting:
            child.forget()
        self._waiting.clear()
        self._control.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await_ready(self, config: dict[str, object]) -> None:
        if not self._poll.poll(_START_SECONDS * 1000):
            raise SandboxError(f"the sandbox's zygote process was not ready within {_START_SECONDS:.0f} s")
        word, _, rest = self._control.recv(1 << 16).decode(errors="replace").partition(" ")
        if word == "failed":
            raise SandboxError(f"the sandbox does not work on this machine: {rest}")
        if word != "ready":
            raise _ZygoteLost("at startup")
        missing = set(json.loads(rest)["missing"]) - {"numpy"}
        if missing:
            names = ", ".join(sorted(missing))
            raise SandboxError(f"the problem allows importing {names}, which is not installed for {sys.executable}: install it")

    def _order(self, message: bytes) -> None:
        try:
            self._control.send(message)
        except OSError as error:
            raise _ZygoteLost(error.strerror or type(error).__name__) from error

    def _require_open(self) -> None:
        if self._control.fileno() < 0:  # the descriptor number may have been reused
            raise _ZygoteLost("it was closed")

    def _drain(self) -> None:
        self._require_open()
        while self._poll.poll(0):
            self._receive(monotonic() + _SPARE_SECONDS)

    def _receive(self, deadline: float) -> None:
        """Process one report: a new child, or the end of one."""
        if not self._poll.poll(max(0.0, deadline - monotonic()) * 1000):
            raise _ZygoteLost("no answer")
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, 256, 2)
        except OSError as error:
            raise _ZygoteLost(error.strerror or type(error).__name__) from error
        if not message:
            raise _ZygoteLost("it ended")
        word, *numbers = message.split()
        pid = int(numbers[0])
        if word == b"spare":
            self._waiting.append(_IsolatedChild(self, pid, socket.socket(fileno=descriptors[0]), Page(descriptors[1])))
        elif pid in self._in_use:
            self._dead[pid] = int(numbers[1])
        else:
            for child in [c for c in self._waiting if c.pid == pid]:  # a waiting child was killed from outside
                child.forget()
                self._waiting.remove(child)
                self._order(b"+")


class _IsolatedChild:
    """See `workbench.sandbox.session.Child`."""

    def __init__(self, zygote: _Zygote, pid: int, channel: socket.socket, printed: Page) -> None:
        self._zygote, self.pid, self.channel, self.printed = zygote, pid, channel, printed

    def exit_code(self, patience: float) -> int | None:
        """Return the exit code; raise `SandboxError` if the zygote has ended too."""
        return self._zygote.exit_code(self.pid, patience)

    def kill(self) -> None:
        """Kill the process and close the channel."""
        if self.channel.fileno() >= 0:
            self.forget()
            self._zygote.kill(self.pid)

    def forget(self) -> None:
        """Close what belongs to it."""
        self.channel.close()
        self.printed.end()
