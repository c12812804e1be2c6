"""Whether the process of a run is still alive."""

from __future__ import annotations

import os
import time
from pathlib import Path

STALE_SECONDS = 30.0
"""Age of the last heartbeat above which the process's start time is checked too."""


def process_alive(pid: int, heartbeat: float) -> bool:
    """Whether process `pid` is still the one that wrote the last `heartbeat`.

    A stopped or starved process misses heartbeats but is alive. A process that started after the last heartbeat is another
    one that was given the same PID.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    if time.time() - heartbeat <= STALE_SECONDS:
        return True
    started = _started(pid)
    return started is not None and started <= heartbeat + 1.0


def _started(pid: int) -> float | None:
    """Start time of a process in seconds since the epoch; None where the system does not say."""
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        booted = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime"))
        return int(booted.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return None
