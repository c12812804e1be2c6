"""Whether the process that a run belongs to is still at work on it."""

from __future__ import annotations

import os
import time
from pathlib import Path

STALE_SECONDS = 30.0
"""A running run whose heartbeat is older than this is looked at twice."""


def process_alive(pid: int, heartbeat: float) -> bool:
    """Whether process `pid` still is the one that gave a sign of life at `heartbeat`.

    A stopped or starved process misses heartbeats and is alive all the same; a number that was given to another process
    since is known by a start after the last heartbeat.
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
    """When a process began, in seconds since the epoch; None where the system does not tell."""
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        booted = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime"))
        return int(booted.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return None
