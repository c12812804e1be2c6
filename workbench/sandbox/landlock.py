"""Landlock rulesets: one that denies everything outside the program, and what a rule for a path can grant."""

from __future__ import annotations

import ctypes
import struct

CREATE_RULESET = 444
"""System call number, the same on every architecture."""

SCOPED_SIGNALS = 6
"""ABI version from which signals can be kept within the program."""
READ = 0b1101
"""Right to execute and read files below a path, and to list folders."""
USE = 0b110
"""Right to read and write files that exist below a path."""


def write(version: int) -> int:
    """Return every right on what is below a path, as far as ABI `version` knows them, but for devices."""
    rights = (1 << 13) - 1
    for since, bit in ((2, 13), (3, 14)):
        if version >= since:
            rights |= 1 << bit
    return rights & ~(1 << 6 | 1 << 11)


def abi() -> int:
    """Return the kernel's landlock ABI version; 0 without landlock."""
    version = ctypes.CDLL(None, use_errno=True).syscall(CREATE_RULESET, None, 0, 1)
    return max(int(version), 0)


def ruleset(version: int) -> bytes:
    """Return a `struct landlock_ruleset_attr` that handles, and thereby denies, everything that ABI `version` supports.

    Files since 1 (rename across folders since 2, truncate 3, device ioctl 5), TCP bind and connect since 4,
    abstract unix sockets and signals to processes outside since 6.
    """
    files = (1 << 13) - 1
    for since, bit in ((2, 13), (3, 14), (5, 15)):
        if version >= since:
            files |= 1 << bit
    if version < 4:
        return struct.pack("Q", files)
    tcp = 0b11
    if version < 6:
        return struct.pack("QQ", files, tcp)
    scoped = 0b11
    return struct.pack("QQQ", files, tcp, scoped)
