"""Seccomp filter of a foreign task: its evaluator may read, write and start processes, so a list says what stays refused."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from workbench.sandbox.seccomp import (
    ALLOW,
    AND,
    ARCH,
    ARCHITECTURES,
    CLONE3,
    ENOSYS,
    EPERM,
    FIRST,
    JUMP_AT_LEAST,
    JUMP_EQUAL,
    KILL,
    LOAD_WORD,
    NUMBER,
    RETURN,
    X32,
    Step,
    assemble,
)

_NOTHING = 0x00050000
"""The call succeeds and does nothing (errno 0)."""
_NAMESPACES = 0x7E020000
"""Flags of `clone` that ask for new namespaces, in which a process would have capabilities."""

_REFUSED: Mapping[str, tuple[int, ...]] = {
    # Sockets (a pair of connected ones stays allowed), io_uring, which could open them, shared memory and queues of System V.
    "x86_64": (
        41, 42, 43, 49, 50, 288, 425, 426, 427, 29, 30, 31, 64, 65, 66, 68, 69, 70, 240, 241,
        # ptrace, memory of others, mounts, namespaces, bpf, perf_event, userfaultfd, keys, modules, clocks, handles, fanotify.
        101, 310, 311, 312, 438, 440, 256, 279, 165, 166, 155, 161, 272, 308, 428, 429, 430, 431, 432, 433, 442, 321, 298, 323,
        248, 249, 250, 246, 320, 175, 313, 176, 169, 167, 168, 163, 164, 227, 305, 159, 303, 304, 179, 103, 135, 170, 171, 153,
        300, 172, 173,
    ),
    "aarch64": (
        198, 203, 202, 200, 201, 242, 425, 426, 427, 194, 196, 195, 190, 193, 191, 186, 189, 188, 180, 181,
        117, 270, 271, 272, 438, 440, 238, 239, 40, 39, 41, 51, 97, 268, 428, 429, 430, 431, 432, 433, 442, 280, 241, 282,
        217, 218, 219, 104, 294, 105, 273, 106, 142, 224, 225, 89, 170, 112, 266, 171, 264, 265, 60, 116, 92, 161, 162, 58, 262,
    ),
}  # fmt: skip
_GROUPS: Mapping[str, tuple[int, ...]] = {"x86_64": (112, 109), "aarch64": (157, 154)}
"""New sessions and process groups, which do nothing: everything stays in the group that is killed at the end."""
_ATTRIBUTES: Mapping[str, tuple[int, ...]] = {
    "x86_64": (90, 91, 268, 452, 92, 93, 94, 260, 188, 189, 190, 197, 198, 199, 132, 235, 261, 280, 463, 466),
    "aarch64": (52, 53, 452, 55, 54, 5, 6, 7, 14, 15, 16, 88, 463, 466),
}
"""Changes of modes, owners, times and extended attributes, which landlock does not know."""
_SIGNALS: Mapping[str, tuple[int, ...]] = {"x86_64": (62, 200, 234, 129, 297, 424), "aarch64": (129, 130, 131, 138, 240, 424)}
_CLONE: Mapping[str, int] = {"x86_64": 56, "aarch64": 220}
_LIMITS: Mapping[str, int] = {"x86_64": 302, "aarch64": 261}


def filter_program(machine: str, *, signals: bool, attributes: bool) -> bytes:
    """Assemble the filter for `machine` (a value of `platform.machine()`) as an array of `struct sock_filter`.

    Parameters
    ----------
    signals
        Whether processes may send signals: only where landlock keeps these within the task.
    attributes
        Whether attributes of files can be changed: only where other mounts are read-only; elsewhere such a call does nothing.

    Raises
    ------
    KeyError
        There is no table for this machine.
    """
    refused = chain(_REFUSED[machine], () if signals else _SIGNALS[machine])
    empty = chain(_GROUPS[machine], () if attributes else _ATTRIBUTES[machine])
    blocks: dict[str, list[Step]] = {
        "start": [(LOAD_WORD, "", "", ARCH), (JUMP_EQUAL, "", "kill", ARCHITECTURES[machine].audit), (LOAD_WORD, "", "", NUMBER),
                  (JUMP_AT_LEAST, "refuse", "", X32)],
        "clones": [(JUMP_EQUAL, "absent", "", CLONE3), (JUMP_EQUAL, "clone", "", _CLONE[machine])],
        "limits": [(JUMP_EQUAL, "limit", "", _LIMITS[machine])],
        "empty": [(JUMP_EQUAL, "nothing", "", number) for number in sorted(empty)],
        "refused": [(JUMP_EQUAL, "refuse", "", number) for number in sorted(refused)],
        "others": [(RETURN, "", "", ALLOW)],
        "clone": [(LOAD_WORD, "", "", FIRST), (AND, "", "", _NAMESPACES), (JUMP_EQUAL, "allow", "refuse", 0)],
        "limit": [(LOAD_WORD, "", "", FIRST), (JUMP_EQUAL, "allow", "refuse", 0)],  # only its own
        "allow": [(RETURN, "", "", ALLOW)],
        "absent": [(RETURN, "", "", ENOSYS)],
        "nothing": [(RETURN, "", "", _NOTHING)],
        "refuse": [(RETURN, "", "", EPERM)],
        "kill": [(RETURN, "", "", KILL)],
    }  # fmt: skip
    return assemble(blocks)
