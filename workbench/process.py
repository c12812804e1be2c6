"""prctl(2), for processes of our own. What confines a candidate has its own copy: it must stand alone (`sandbox/confine`)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PDEATHSIG, SECCOMP = 1, 22
"""Options of prctl(2): PR_SET_PDEATHSIG and PR_SET_SECCOMP."""


def prctl(option: int, value: int) -> int:
    """Call prctl(2) with one argument; returns 0, or the number of the error. Linux alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    nothing = ctypes.c_ulong(0)
    return ctypes.get_errno() if libc.prctl(option, ctypes.c_ulong(value), nothing, nothing, nothing) < 0 else 0


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when the thread that made it ends (Linux); leave at once if it is gone already."""
    if sys.platform == "linux":
        prctl(PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
