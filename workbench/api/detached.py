"""Commands in processes that outlive whoever started them, and the runs that they make."""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import UsageError
from workbench.formatting import last_line
from workbench.problem import catalog
from workbench.store import Message, Reader, Run, Store

_POLL_SECONDS, _LOOK_SECONDS = 0.01, 1.0
"""Time between two looks for an answer, and between two for whether the run is still there."""

EVOLVE = (sys.executable, "-m", "workbench.cli")


@dataclass(frozen=True, slots=True)
class Launch:
    """A process that was started, with its log and start time."""

    process: subprocess.Popen[bytes]
    log: Path
    began: float

    def ended(self) -> int | None:
        """Return the exit code; None while it is running."""
        return self.process.poll()

    def last_line(self) -> str:
        """Return the last line of its log."""
        try:
            return last_line(self.log.read_bytes())
        except OSError:
            return ""


def wait_for_run(launch: Launch, runs: Path, seconds: float) -> tuple[str | None, str]:
    """Wait for the run of a process; return its ID, or None and the reason (its last line; empty while it is starting)."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        code = launch.ended()
        rows = [row for row in _rows(runs) if row.heartbeat >= launch.began - 1]
        own = [row.id for row in rows if row.pid == launch.process.pid]
        # A run that started and ended between two polls no longer has a process.
        own = own or [row.id for row in rows if code == 0 and row.created >= launch.began - 1]
        if own:
            return own[0], ""
        if code is not None:
            return None, launch.last_line() or f"the process ended with code {code} and no message"
        time.sleep(0.2)
    return None, ""


def wait_for_answer(store: Store, run: str, message: int, seconds: float) -> Message | None:
    """Wait for the answer to a control message; None if it has not come in time, or the run has ended without it."""
    until, looked = time.monotonic() + seconds, -math.inf
    while (found := store.message(message)).waiting:
        now = time.monotonic()
        ended = False
        if now - looked > _LOOK_SECONDS:
            looked, ended = now, not store.run(run).live
        if ended or now >= until:
            last = store.message(message)  # it may have come meanwhile
            return None if last.waiting else last
        time.sleep(_POLL_SECONDS)
    return found


def _rows(runs: Path) -> Sequence[Run]:
    try:
        with Reader(runs) as store:
            return store.runs()
    except UsageError:
        return []


def command_line(command: str, options: Sequence[str], *arguments: str) -> list[str]:
    """Return a command line whose arguments cannot be taken for options."""
    return [*EVOLVE, command, *options, "--", *arguments]


def spawn(runs: Path, command: str, options: Sequence[str] = (), *arguments: str) -> Launch:
    """Start a command on a runs folder, detached; what it prints goes to a file in `logs` of that folder."""
    logs = runs / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{command}-{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 10**6:06}.log"
    began = time.time()
    words = command_line(command, [*options, "--runs", str(runs)], *arguments)
    with log.open("wb") as out:
        process = subprocess.Popen(
            words, cwd=catalog.root(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    with contextlib.suppress(OSError):  # a run keeps all cores busy; lower its priority so that the pages respond
        os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + 5)
    return Launch(reaped(process), log, began)


def reaped(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Wait for a process in the background: else, once dead, it would remain a zombie and count as alive."""
    threading.Thread(target=process.wait, daemon=True).start()
    return process
