"""The warm process from which all isolated children are forked. Standard library only.

It communicates with the host over a packet socket and ends when that closes:

    host    the configuration as a JSON object, first
    zygote  `ready {"missing": [...]}` or `failed REASON`
    host    `+` requests a child; `k PID` kills one
    zygote  `spare PID`, with the child's channel and the page of what it prints attached;
            `dead PID CODE` after its end (CODE negative: signal)
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NoReturn

# Imported lazily by allowed modules or by the interpreter; a confined child cannot open files any more.
_LATE = (
    "collections.abc contextlib encodings.ascii encodings.latin_1 encodings.utf_16 encodings.utf_32 json.decoder json.encoder "
    "linecache locale traceback tracemalloc types unicodedata warnings weakref"
).split()
_NUMPY = "char ctypeslib emath fft lib.stride_tricks lib.scimath linalg ma polynomial random rec strings typing".split()
_NO_LIBRARY = ("test", "tests", "testing", "conftest", "setup", "__main__")


def preload(names: Sequence[str]) -> list[str]:
    """Import the allowed modules, including lazily loaded parts; return the names of those not installed."""
    missing = []
    for name in _LATE:
        importlib.import_module(name)
    for name in names:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:  # installed but broken
                raise
            missing.append(name)
            continue
        if name == "numpy":
            for part in _NUMPY:
                with contextlib.suppress(ModuleNotFoundError):  # numpy 1 lacks some of them
                    importlib.import_module(f"numpy.{part}")
        elif name not in sys.stdlib_module_names and hasattr(module, "__path__"):
            for found in pkgutil.iter_modules(module.__path__):
                if not found.name.startswith("_") and found.name not in _NO_LIBRARY:
                    with contextlib.suppress(Exception):  # submodules with missing dependencies are skipped
                        importlib.import_module(f"{name}.{found.name}")
    return missing


class Zygote:
    """Forks children on request, reaps ended ones and kills those that the host releases."""

    def __init__(
        self, control: socket.socket, config: dict[str, Any], child: ModuleType, confine: ModuleType, wipe: ModuleType, host: int
    ) -> None:
        self._control, self._child, self._confine = control, child, confine
        self._pid = os.getpid()
        self._pids: dict[int, int] = {}  # by pidfd
        self._pidfds: dict[int, int] = {}  # by pid
        self._poll = select.poll()
        sys.path += [folder for folder in config["path"] if folder not in sys.path]
        if config["cpu"] is not None:
            os.sched_setaffinity(0, {config["cpu"]})
        self.missing = preload(config["modules"])
        self._allowed = frozenset(config["modules"]).difference(self.missing)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
            file.write("500")  # when memory runs out, the kernel kills the program, not the host
        self._page = int(config["page"])
        self._ruleset = -1
        if config["landlock"]:
            self._ruleset = self._confine.make_ruleset(bytes.fromhex(config["landlock"]))
        size = self._confine.address_space()
        self._restrict = functools.partial(_restrict, confine, size, confine.Filter(bytes.fromhex(config["seccomp"])))
        if not size:
            raise OSError("the size of the address space cannot be read: is /proc mounted?")
        wipe.wipe_start()
        wipe.wipe_folders()
        self._confine.drop_root()
        self._confine.die_with_parent(host)  # again: changing the user clears it
        self._confine.hide()
        gc.collect()
        gc.freeze()  # keep the collector from writing to, and thereby copying, shared pages
        gc.disable()
        self._prove()

    def run(self) -> Callable[[], NoReturn]:
        """Serve the host until it closes the control socket. In each child, return the function that serves its program."""
        self._control.send(b"ready " + json.dumps({"missing": self.missing}).encode())
        self._poll.register(self._control, select.POLLIN)
        while True:
            for fd, _ in self._poll.poll():
                if fd in self._pids:
                    self._reap(fd)
                elif (born := self._handle_message(self._control.recv(64))) is not None:
                    return born

    def _handle_message(self, message: bytes) -> Callable[[], NoReturn] | None:
        if not message:
            os._exit(0)  # the kernel then ends the children
        if message == b"+":
            return self._spare()
        if (pidfd := self._pidfds.get(int(message[2:]))) is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        return None

    def _spare(self) -> Callable[[], NoReturn] | None:
        ours, theirs = socket.socketpair()
        page = os.memfd_create("printed", os.MFD_CLOEXEC)
        os.ftruncate(page, self._page)
        pid = os.fork()
        if pid == 0:
            try:
                self._child.keep_prints(page)
                channel = self._confine.seal(self._pid, theirs.fileno(), self._ruleset)
                for closed in (ours, theirs, self._control):
                    closed.detach()  # otherwise its number would be closed again after being reused
                gc.enable()
                return functools.partial(self._child.serve, channel, self._allowed, self._restrict)
            except BaseException:
                os._exit(70)
        theirs.close()
        pidfd = os.pidfd_open(pid)
        self._pids[pidfd], self._pidfds[pid] = pid, pidfd
        self._poll.register(pidfd, select.POLLIN)
        socket.send_fds(self._control, [b"spare %d" % pid], [ours.fileno(), page])
        ours.close()
        os.close(page)
        return None

    def _reap(self, pidfd: int) -> None:
        pid = self._pids.pop(pidfd)
        del self._pidfds[pid]
        self._poll.unregister(pidfd)
        os.close(pidfd)
        _, status = os.waitpid(pid, 0)
        self._control.send(b"dead %d %d" % (pid, os.waitstatus_to_exitcode(status)))

    def _prove(self) -> None:
        """Fork one child that tries forbidden operations, and raise `OSError` if any of them succeeds."""
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                self._confine.seal(self._pid, self._control.fileno(), self._ruleset)
                self._restrict(256 << 20, 10)
                code = 10 + sum(1 << i for i, forbidden in enumerate(_FORBIDDEN) if not _is_refused(forbidden))
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == 10:
            return
        found = f"could {_NAMES[(code - 10).bit_length() - 1]}" if code > 10 else f"ended with code {code}"
        raise OSError(f"the confinement test failed: a confined child {found}")


def _restrict(confine: ModuleType, size: int, calls: Any, memory: int, seconds: int) -> None:
    confine.limit(size + memory, seconds)
    calls.install()


_NAMES = ("open a file", "open a socket", "start a process", "send a signal", "read another process's clock")
_FORBIDDEN = (
    lambda: os.open("/", os.O_RDONLY),
    lambda: socket.socket(socket.AF_UNIX),
    lambda: os.fork() or os._exit(0),
    lambda: os.kill(0, 0),
    lambda: time.clock_gettime(~1 << 3 | 2),
)


def _is_refused(forbidden: Any) -> bool:
    try:
        forbidden()
    except PermissionError:
        return True
    return False


def main(fd: int, child: ModuleType, confine: ModuleType, wipe: ModuleType, host: int) -> Callable[[], NoReturn] | None:
    """Read the configuration from the control socket, prepare, and serve the host; in each child, return as `Zygote.run`."""
    control = socket.socket(fileno=fd)
    try:
        zygote = Zygote(control, json.loads(control.recv(1 << 18)), child, confine, wipe, host)
    except Exception as error:
        control.send(f"failed {type(error).__name__}: {error}"[:2000].encode(errors="replace"))
        return None
    try:
        return zygote.run()
    except ConnectionError:  # the host has ended
        return None
