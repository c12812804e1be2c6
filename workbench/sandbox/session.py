"""Session with a loaded program: requests, deadlines, byte limits, and failures described in one line."""

from __future__ import annotations

import contextlib
import math
import select
import signal
import socket
import struct
import sys
from pathlib import Path
from time import clock_gettime, perf_counter
from typing import Any, NoReturn, Protocol

from workbench.errors import PolicyFailure, SandboxError
from workbench.model import Limits, Program, Status, Surroundings, Usage
from workbench.sandbox.frames import Answer, BadFrame, Complaint, decode, encode, one_line
from workbench.sandbox.printed import Page

_SLICE = 0.02  # seconds by which a blocking read may overrun the deadline
_CPU_SHARE = 200  # CPU limit in multiples of the limit per instance: the kernel's backstop if the host stops watching
_CHUNK = 1 << 16
PATIENCE = 3  # maximum wall-clock time on a busy machine, in multiples of the time limit, plus the time waited for a CPU
_ENOUGH = 0.9  # fraction of the time limit in CPU time that counts as used up: the kernel counts in ticks of 10 ms
KILLED = "the system killed the program's process, most likely because memory ran out"
"""Message for a program killed from outside; the memory use of other processes may be the cause."""
_DEATHS: dict[int, tuple[Status, str]] = {
    signal.SIGKILL: (Status.MEMORY, KILLED),
    signal.SIGXCPU: (Status.TIMEOUT, "the program exceeded its CPU time limit"),
    signal.SIGSEGV: (Status.CRASH, "the program's process died with a segmentation fault, often caused by too deep recursion"),
    signal.SIGBUS: (Status.CRASH, "the program's process died with a bus error"),
}


class Child(Protocol):
    """Interface of a process that runs one program."""

    pid: int
    channel: socket.socket
    """Blocking stream to the process."""
    printed: Page
    """The end of what it printed."""

    def exit_code(self, patience: float) -> int | None:
        """Return the exit code (negative: signal), waiting at most `patience` seconds; None if the process is still running.

        Raises
        ------
        SandboxError
            The process was lost for a reason other than the program.
        """

    def kill(self) -> None:
        """Kill the process and close the channel. May be called twice."""


class ProgramSession:
    """Session with a loaded program, implementing `workbench.protocols.Session`.

    Parameters
    ----------
    patience
        Maximum wall-clock time on a busy machine, in multiples of the time limit, besides the time waited for a CPU;
        `PATIENCE` by default.

    A program that raises an exception keeps its process and can be called again. One that exceeds its time, memory or byte
    limit, dies or violates the protocol is killed, and every later request fails with the same error.

    Raises
    ------
    PolicyFailure
        The program cannot be loaded. Loading has a separate time limit of `limits.seconds`.
    SandboxError
        The child was lost. Requests raise it too; run the evaluation again in a new session.
    """

    def __init__(
        self, child: Child, program: Program, limits: Limits, around: Surroundings, *, patience: float | None = None
    ) -> None:
        self._child, self._limits, self._patience = child, limits, PATIENCE if patience is None else patience
        self._lines = program.source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._number = 0
        self._earlier = self._spent = self._asked = 0.0
        self._failure: PolicyFailure | None = None
        self._stage = "the program's top-level code did not finish"
        self.next_instance()
        pause = struct.pack("ll", 0, int(_SLICE * 1e6))
        child.channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, pause)
        child.channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, pause)
        self._poll = select.poll()
        self._poll.register(child.channel, select.POLLIN)
        memory, seconds = limits.memory_mb << 20, max(1, math.ceil(_CPU_SHARE * limits.seconds))
        try:
            self._ask(
                encode(
                    "load", program.source, program.entry, memory, seconds,
                    around.module, around.file, around.generators, around.depth, around.optimize,
                )
            )  # fmt: skip
        except PolicyFailure as failure:
            self._give_up(failure.status, failure.message)
        self._stage = "no answer"
        self.next_instance()

    def __call__(self, *args: Any) -> Any:
        """Call the entry function and return its answer."""
        return self._ask(encode("call", args))

    def begin(self, *args: Any) -> None:
        """Construct a new object of the entry class; the previous object is dropped."""
        self._ask(encode("begin", args))

    def call(self, method: str, *args: Any) -> Any:
        """Call a method of the object constructed by `begin`."""
        return self._ask(encode("method", method, args))

    def next_instance(self) -> None:
        """Reset the time and reply limits for the next instance."""
        self._earlier += self._spent
        self._spent = self._extra = 0.0
        self._bytes = 0

    @property
    def seconds(self) -> float:
        """The program's own time since `next_instance`, in seconds on the host's clock, including a request under way."""
        return self._spent + (perf_counter() - self._asked if self._asked else 0.0)

    @property
    def cpu_seconds(self) -> float | None:
        """CPU time of the process since its fork, counted by the kernel; None if it has ended or is not known."""
        return None if self._failure is not None else _cpu_seconds(self._child.pid)

    def usage(self, *, restart_peak: bool = False) -> Usage | None:
        """Return the resources used so far, counted by the kernel; None if the process has ended or they are unknown.

        `restart_peak` resets the peak to the current resident size, if this process may do so (as root).
        """
        if self._failure is not None:
            return None
        if restart_peak:
            _restart_peak(self._child.pid)
        return _usage(self._child.pid)

    def printed(self) -> str:
        """Return the end of what the program has printed, also after its end."""
        return self._child.printed.text()

    def end(self) -> None:
        """Kill the process."""
        self._child.kill()

    def _ask(self, frame: bytes) -> Any:
        if self._failure is not None:
            raise PolicyFailure(self._failure.status, self._failure.message)
        number = self._number
        self._number += 1
        self._asked = began = perf_counter()
        try:
            self._send(frame, began)
            body = self._receive(began)
        finally:
            self._spent += perf_counter() - began
            self._asked = 0.0
        try:
            reply = decode(body)
        except BadFrame as error:
            self._give_up(Status.PROTOCOL, str(error))
        if reply.number != number:
            self._give_up(Status.PROTOCOL, "the program's process answered a different request")
        if isinstance(reply, Answer):
            return reply.value
        raise PolicyFailure(Status(reply.kind), self._tell(reply))

    def _send(self, frame: bytes, began: float) -> None:
        channel = self._child.channel
        view = memoryview(frame)
        while True:
            try:
                view = view[channel.send(view) :]
            except BlockingIOError:
                pass  # the buffer was full for a whole slice: the program does not read
            except OSError:
                self._died()
            if not view:
                return
            if self._left(began) <= 0:
                self._late(began)

    def _receive(self, began: float) -> bytearray:
        data = bytearray(self._some(began))
        while len(data) < 4:
            data += self._some(began)
        need = 4 + int.from_bytes(data[:4], "little")
        if self._bytes + need > self._limits.reply_bytes:
            self._give_up(Status.PROTOCOL, f"the answers to one instance exceed {self._limits.reply_bytes:,} bytes")
        while len(data) < need:
            data += self._some(began)
        if len(data) > need:
            self._give_up(Status.PROTOCOL, "the program's process sent more than one answer to a request")
        self._bytes += need
        return data[4:]

    def _some(self, began: float) -> bytes:
        # A blocking read with a timeout saves a system call compared with polling first, a fifth of a decision's time.
        # Poll first only when the deadline is nearer than one slice.
        while True:
            left = self._left(began)
            if left < _SLICE and not self._poll.poll(max(0.0, left) * 1000):
                self._late(began)
                continue
            try:
                chunk = self._child.channel.recv(_CHUNK)
            except BlockingIOError:
                continue
            except OSError:
                chunk = b""
            return chunk or self._died()

    def _left(self, began: float) -> float:
        return self._limits.seconds + self._extra - self._spent - (perf_counter() - began)

    def _late(self, began: float) -> None:
        """Fail the program, or extend its deadline by the CPU time it has not had; load on the machine must not affect results.

        CPU time of earlier instances is at most their wall-clock time, so the program is never charged too much.
        """
        allowance, clock = self._limits.seconds, self._spent + perf_counter() - began
        used = _cpu_seconds(self._child.pid)
        owed = 0.0 if used is None else allowance - (used - self._earlier)
        patience = self._patience * allowance + _waited(self._child.pid)
        if owed <= (1 - _ENOUGH) * allowance or clock >= patience:
            self._give_up(Status.TIMEOUT, f"{self._stage} within {allowance:g} s")
        self._extra = min(clock + owed, patience) - allowance

    def _died(self) -> NoReturn:
        try:
            code = self._child.exit_code(patience=0.5)
        except SandboxError:
            self._child.kill()
            self._failure = PolicyFailure(Status.CRASH, "the sandbox lost the program's process")
            raise
        if code is None:
            self._give_up(Status.PROTOCOL, "the program closed the channel to the verifier")
        if code >= 0:
            self._give_up(Status.CRASH, f"the program exited with code {code} instead of answering")
        status, words = _DEATHS.get(-code, (Status.CRASH, f"the program's process died with {_signal_name(-code)}"))
        self._give_up(status, words)

    def _give_up(self, status: Status, message: str) -> NoReturn:
        self._failure = PolicyFailure(status, message)
        self._child.kill()
        raise PolicyFailure(status, message, self.printed()) from None

    def _tell(self, complaint: Complaint) -> str:
        """Describe a failure in one line, with the number and text of the faulty line."""
        if complaint.kind == "memory":
            words = f"MemoryError: the program needed more than {self._limits.memory_mb} MiB"
        else:
            words = ": ".join(filter(None, (one_line(complaint.exception, 60), one_line(complaint.text, 300))))
        if complaint.exception == "PermissionError":
            words += "; a program has no access to files, processes or the network"
        line = complaint.line
        if line is None or not 0 < line <= len(self._lines):
            return words
        text = one_line(self._lines[line - 1], 120)
        return f"{words} (line {line}: `{text}`)" if text else f"{words} (line {line})"


def _waited(pid: int) -> float:
    """Return the total time that a process was ready to run but had no CPU, in seconds; 0 if unknown."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_bytes().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _cpu_seconds(pid: int) -> float | None:
    """Return the CPU time of a process since its fork, to the nanosecond, by one system call; None if unknown."""
    if sys.platform != "linux":
        return None
    try:
        return clock_gettime((~pid << 3) | 2)  # as computed by clock_getcpuclockid(3) of the C library
    except OSError:
        return None


def _usage(pid: int) -> Usage | None:
    """Read CPU time (in nanoseconds precision) and memory from outside the process, beyond the program's reach."""
    seconds = _cpu_seconds(pid)
    if seconds is None:
        return None
    try:
        lines = (line.partition(":") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        status = {name: rest for name, _, rest in lines}
        peak, resident = (int(status[name].split()[0]) << 10 for name in ("VmHWM", "VmRSS"))
    except (OSError, ValueError, IndexError, KeyError):
        return None
    return Usage(seconds, peak, resident)


def _restart_peak(pid: int) -> None:
    with contextlib.suppress(OSError):  # the file is root's, because the process is not dumpable
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
