"""What trusted processes ask of the system. `sandbox/confine` has its own prctl(2), because it must not import from here."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PDEATHSIG, SECCOMP = 1, 22
"""Options of prctl(2): PR_SET_PDEATHSIG and PR_SET_SECCOMP."""


def prctl(option: int, value: int) -> int:
    """Call prctl(2) with one argument; return 0 or the error number. Linux only."""
    libc = ctypes.CDLL(None, use_errno=True)
    nothing = ctypes.c_ulong(0)
    return ctypes.get_errno() if libc.prctl(option, ctypes.c_ulong(value), nothing, nothing, nothing) < 0 else 0


def die_with_parent(parent: int) -> None:
    """Let the kernel kill this process when the thread that started it ends (Linux); exit at once if it has ended already."""
    if sys.platform == "linux":
        prctl(PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
