"""Seccomp filter of the system calls that a program may make, in classic BPF for x86_64 and aarch64."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

ALLOW, EPERM, ENOSYS, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
"""Filter actions: allow the call, fail with an errno, kill the process (`SECCOMP_RET_*` in linux/seccomp.h)."""

CLONE3 = 435
"""Fails with ENOSYS: the C library then falls back to `clone`, which fails with EPERM. Same number on all architectures."""
CLOCKS = frozenset({"clock_gettime", "clock_getres", "clock_nanosleep"})
"""Calls that take a clock. Negative numbers are CPU clocks of processes; they would reveal which exist and how busy they are."""
STATIC_CLOCKS = 16
"""Clock numbers below this one belong to no process."""
FUTEX_COMMANDS = frozenset({0, 1, 3, 4, 5, 9, 10})
"""Wait, wake and requeue. Commands with priority inheritance would reveal whether a process ID exists."""


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

LOAD_WORD, AND, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
"""Instructions of classic BPF."""
NUMBER, ARCH, FIRST, SECOND = 0, 4, 16, 24
"""Offsets into struct seccomp_data: the call, the architecture, and the lower halves (little-endian) of two arguments."""
X32 = 0x40000000
"""System calls with this bit use the x32 ABI: other numbers for the same kernel functions."""
_FUTEX_FLAGS = 0x180  # private, and by the real-time clock

Step = tuple[int, str, str, int]
"""An instruction: its code, the labels to jump to if true and if false (empty: the next instruction), its operand."""


def filter_program(machine: str) -> bytes:
    """Assemble the filter for `machine` (a value of `platform.machine()`) as an array of `struct sock_filter`.

    Raises
    ------
    KeyError
        There is no table for this machine.
    """
    audit, calls = ARCHITECTURES[machine]
    checked = {number: "futex" if name == "futex" else "clock" for name, number in calls.items() if name in {"futex", *CLOCKS}}
    blocks: dict[str, list[Step]] = {
        "start": [(LOAD_WORD, "", "", ARCH), (JUMP_EQUAL, "", "kill", audit), (LOAD_WORD, "", "", NUMBER),
                  (JUMP_AT_LEAST, "refuse", "", X32)],
        "calls": [(JUMP_EQUAL, checked.get(number, "allow"), "", number) for number in sorted(calls.values())],
        "others": [(JUMP_EQUAL, "absent", "refuse", CLONE3)],
        "clock": [(LOAD_WORD, "", "", FIRST), (JUMP_AT_LEAST, "refuse", "allow", STATIC_CLOCKS)],
        "futex": [(LOAD_WORD, "", "", SECOND), (AND, "", "", 0xFFFFFFFF & ~_FUTEX_FLAGS),
                  *((JUMP_EQUAL, "allow", "", command) for command in sorted(FUTEX_COMMANDS))],
        "refuse": [(RETURN, "", "", EPERM)],
        "absent": [(RETURN, "", "", ENOSYS)],
        "kill": [(RETURN, "", "", KILL)],
        "allow": [(RETURN, "", "", ALLOW)],
    }  # fmt: skip
    return assemble(blocks)


def assemble(blocks: Mapping[str, list[Step]]) -> bytes:
    """Return labelled instructions as a program, in which jumps are distances."""
    places, at = dict[str, int](), 0
    for label, steps in blocks.items():
        places[label] = at
        at += len(steps)
    lines = [step for steps in blocks.values() for step in steps]
    return b"".join(
        struct.pack("HBBI", code, *(places[label] - at - 1 if label else 0 for label in (true, false)), operand)
        for at, (code, true, false, operand) in enumerate(lines)
    )
