"""Seccomp filter of the system calls that a program may make, in classic BPF for x86_64 and aarch64."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

ALLOW, EPERM, ENOSYS, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
"""Filter actions: allow the call, fail with an errno, kill the process (`SECCOMP_RET_*` in linux/seccomp.h)."""

CLONE3 = 435
"""Fails with ENOSYS: the C library then falls back to `clone`, which fails with EPERM. Same number on all architectures."""


class Architecture(NamedTuple):
    """Architecture data for the filter: AUDIT_ARCH value, and numbers of the allowed system calls."""

    audit: int
    calls: Mapping[str, int]


# Memory, the open channel, clocks, sleep, locks, random bytes and exit. Nothing that opens, connects, starts, signals,
# traces or maps by name, and no `sendmsg`, which could pass descriptors.
ARCHITECTURES: Mapping[str, Architecture] = {
    "x86_64": Architecture(
        0xC000003E,
        {
            "read": 0, "write": 1, "close": 3, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigprocmask": 14,
            "rt_sigreturn": 15, "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35, "exit": 60,
            "gettimeofday": 96, "time": 201, "futex": 202, "restart_syscall": 219, "clock_gettime": 228,
            "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231, "getrandom": 318,
        },
    ),
    "aarch64": Architecture(
        0xC00000B7,
        {
            "close": 57, "read": 63, "write": 64, "exit": 93, "exit_group": 94, "futex": 98, "nanosleep": 101,
            "clock_gettime": 113, "clock_getres": 114, "clock_nanosleep": 115, "sched_yield": 124, "restart_syscall": 128,
            "rt_sigprocmask": 135, "rt_sigreturn": 139, "gettimeofday": 169, "brk": 214, "munmap": 215, "mremap": 216,
            "mmap": 222, "mprotect": 226, "madvise": 233, "getrandom": 278,
        },
    ),
}  # fmt: skip

_LOAD_WORD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCH = 0, 4  # offsets into struct seccomp_data
_X32 = 0x40000000  # system calls with this bit use the x32 ABI: other numbers for the same kernel functions


def filter_program(machine: str) -> bytes:
    """Assemble the filter for `machine` (a value of `platform.machine()`) as an array of `struct sock_filter`.

    Raises
    ------
    KeyError
        There is no table for this machine.
    """
    audit, calls = ARCHITECTURES[machine]
    numbers = sorted(calls.values())
    n = len(numbers)
    program = [
        _instruction(_LOAD_WORD, 0, 0, _ARCH),
        _instruction(_JUMP_EQUAL, 1, 0, audit),
        _instruction(_RETURN, 0, 0, KILL),
        _instruction(_LOAD_WORD, 0, 0, _NUMBER),
        _instruction(_JUMP_AT_LEAST, n + 2, 0, _X32),  # to EPERM
        # The allowed numbers; each jumps over the rest, the CLONE3 pair and EPERM to the last instruction.
        *(_instruction(_JUMP_EQUAL, n - i + 2, 0, number) for i, number in enumerate(numbers)),
        _instruction(_JUMP_EQUAL, 0, 1, CLONE3),
        _instruction(_RETURN, 0, 0, ENOSYS),
        _instruction(_RETURN, 0, 0, EPERM),
        _instruction(_RETURN, 0, 0, ALLOW),
    ]
    return b"".join(program)


def _instruction(code: int, jump_true: int, jump_false: int, operand: int) -> bytes:
    return struct.pack("HBBI", code, jump_true, jump_false, operand)
