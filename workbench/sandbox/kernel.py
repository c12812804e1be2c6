"""Detection of the isolation features of this machine's kernel."""

from __future__ import annotations

import errno
import functools
import os
import platform
import sys
from typing import NamedTuple

from workbench.sandbox import landlock, seccomp
from workbench.system.process import SECCOMP, prctl

FULL, SECCOMP_ONLY, NONE = "full", "seccomp-only", "none"
"""Isolation levels, best first."""


class Kernel(NamedTuple):
    """Kernel features that determine the isolation level. `missing` lists what prevents full isolation, most serious first."""

    system: str
    release: str
    machine: str
    seccomp: bool
    landlock_abi: int
    missing: tuple[str, ...]

    @property
    def isolation(self) -> str:
        """Best isolation level available."""
        if not self.seccomp:
            return NONE
        return FULL if self.landlock_abi else SECCOMP_ONLY


@functools.cache
def inspect() -> Kernel:
    """Query the kernel; the result is cached."""
    system, release, machine = platform.system(), platform.release(), platform.machine()
    if sys.platform != "linux":
        return Kernel(system, release, machine, False, 0, (f"isolation requires Linux, this is {system}",))
    missing = []
    if machine not in seccomp.ARCHITECTURES:
        missing.append(f"no system call table for {machine} (available for {' and '.join(seccomp.ARCHITECTURES)})")
    elif sys.maxsize < 2**32:
        missing.append("a 32-bit interpreter on a 64-bit kernel: use a 64-bit Python")
    if not _has_seccomp():
        missing.append("the kernel has no seccomp filters, or a container forbids them")
    if not _has_pidfd():
        missing.append("the kernel has no pidfd (Linux 5.4 or newer is needed)")
    filtered = not missing
    version = landlock.abi()
    if not version:
        missing.append("the kernel has no landlock (Linux 5.13 or newer, with landlock in its `lsm=` list)")
    return Kernel(system, release, machine, filtered, version, tuple(missing))


def probe() -> str:
    """Return the best isolation level on this machine: `full`, `seccomp-only` or `none`."""
    return inspect().isolation


def describe() -> dict[str, str]:
    """Describe the isolation features for `evolve doctor`: isolation, kernel, architecture, seccomp, landlock, missing."""
    kernel = inspect()
    return {
        "isolation": kernel.isolation,
        "kernel": f"{kernel.system} {kernel.release}",
        "architecture": kernel.machine,
        "seccomp": "available" if kernel.seccomp else "not available",
        "landlock": f"ABI {kernel.landlock_abi}" if kernel.landlock_abi else "not available",
        "missing": "; ".join(kernel.missing) or "nothing",
    }


def _has_seccomp() -> bool:
    # prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL): EFAULT means that the mode is supported and only the filter is missing.
    mode_filter = 2
    return prctl(SECCOMP, mode_filter) == errno.EFAULT


def _has_pidfd() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True
