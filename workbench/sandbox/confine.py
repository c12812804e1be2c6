"""Confinement that a forked child applies to itself. Standard library only; loaded by path inside the zygote."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import stat
import struct
from collections.abc import Collection

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_MODE_FILTER = 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF, _CLOSE_RANGE, _MOUNT_SETATTR = 444, 445, 446, 436, 442  # on every architecture
_PATH_BENEATH, _FILE_RIGHTS = 1, 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14
_NEW_USER, _NEW_MOUNTS = 0x10000000, 0x00020000
_NOSUID, _NODEV, _BIND, _RECURSIVE, _AT_CWD = 2, 4, 4096, 0x8000, -100
_NOBODY = 65534
_STACK = 64 << 20

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
    return result


def _prctl(what: str, option: int, value: int) -> None:
    _check(_libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)), what)


def die_with_parent(parent: int) -> None:
    """Let the kernel kill this process when the thread that started it ends; exit at once if `parent` has ended already."""
    _prctl("PR_SET_PDEATHSIG", _PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def hide() -> None:
    """Make this process non-dumpable: no core dump, ptrace or /proc/PID/mem access by processes of the same user."""
    _prctl("PR_SET_DUMPABLE", _PR_SET_DUMPABLE, 0)


def drop_root() -> None:
    """Switch from root to nobody, without groups. This clears the parent-death signal: call `die_with_parent` afterwards.

    If the user namespace does not map that user, drop all capabilities instead.
    """
    if os.geteuid() != 0:
        return
    try:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    except OSError:
        drop_capabilities()


def drop_capabilities() -> None:
    """Give up all capabilities; without new privileges, none come back with another program."""
    version_3 = 0x20080522
    _check(_libc.capset(struct.pack("Ii", version_3, 0), bytes(24)), "capset")


def make_ruleset(attributes: bytes) -> int:
    """Create a landlock ruleset without rules and return its descriptor."""
    return _check(_libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0), "landlock_create_ruleset")


def allow(ruleset: int, path: str, rights: int) -> None:
    """Add a rule to a ruleset: what may be done at and below a path. A path that does not exist is left out."""
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _FILE_RIGHTS
        _check(_libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, fd), 0), f"landlock_add_rule {path}")
    finally:
        os.close(fd)


def own_mounts(scratch: str, shared: int) -> bool:
    """Give this process its own view of the files: all read-only but `scratch` and a new `/dev/shm` of so many bytes.

    The locks of `multiprocessing` lie in the latter. Return whether the kernel permits it. The process must have one thread
    only; this clears the parent-death signal: call `die_with_parent` afterwards.
    """
    user, group = os.geteuid(), os.getegid()
    if _libc.unshare(_NEW_USER | _NEW_MOUNTS):
        return False
    try:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 (no pathlib beside a program)
                file.write(text)
        place = os.fsencode(scratch)
        _check(_libc.mount(place, place, None, ctypes.c_ulong(_BIND), None), "mount")
        _set_mounts(b"/", _RECURSIVE, 1, 0)
        _set_mounts(place, 0, 0, 1)
        _check(_libc.mount(b"tmpfs", b"/dev/shm", b"tmpfs", ctypes.c_ulong(_NOSUID | _NODEV), b"size=%d" % shared), "mount")
    except OSError:
        return False
    return True


def _set_mounts(path: bytes, flags: int, readonly: int, writable: int) -> None:
    attributes = struct.pack("QQQQ", readonly, writable, 0, 0)
    _check(_libc.syscall(_MOUNT_SETATTR, _AT_CWD, path, flags, attributes, len(attributes)), "mount_setattr")


def close_all_but(kept: Collection[int]) -> None:
    """Close all descriptors from 3 on, except those in `kept`."""
    first = 3
    for fd in [*sorted(kept), 0xFFFFFFFF + 1]:
        if first < fd:
            last = fd - 1
            if _libc.syscall(_CLOSE_RANGE, ctypes.c_uint(first), ctypes.c_uint(last), 0):  # before Linux 5.9
                os.closerange(first, min(fd, os.sysconf("SC_OPEN_MAX")))
        first = fd + 1


def enclose(parent: int, ruleset: int) -> None:
    """Apply a landlock ruleset, and let nothing that this process starts gain privileges."""
    die_with_parent(parent)
    _prctl("PR_SET_NO_NEW_PRIVS", _PR_SET_NO_NEW_PRIVS, 1)
    _check(_libc.syscall(_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
    drop_capabilities()


def seal(parent: int, channel: int, ruleset: int) -> int:
    """Apply all confinement that does not depend on the program, before one arrives; return the channel's new descriptor.

    Parameters
    ----------
    ruleset
        From `make_ruleset`, or -1 for none.
    """
    die_with_parent(parent)
    _prctl("PR_SET_NO_NEW_PRIVS", _PR_SET_NO_NEW_PRIVS, 1)
    if ruleset >= 0:
        _check(_libc.syscall(_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
    if channel != 3:
        os.dup2(channel, 3, inheritable=False)
    close_all_but([3])
    hide()
    return 3


def address_space() -> int:
    """Return the current address space of this process in bytes; 0 if unknown."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 (no pathlib in the zygote)
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def limit(memory: int, seconds: int) -> None:
    """Set the resource limits: `memory` bytes of total address space, `seconds` of CPU time, minimal values for the rest."""
    wanted = (
        (resource.RLIMIT_AS, memory, memory),
        # The soft limit sends SIGXCPU, which identifies the cause; the hard limit kills.
        (resource.RLIMIT_CPU, seconds, seconds + 1),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NOFILE, 16, 16),
        (resource.RLIMIT_NPROC, 0, 0),  # has no effect for root
        (resource.RLIMIT_STACK, _STACK, _STACK),
    )
    for what, soft, hard in wanted:
        ceiling = resource.getrlimit(what)[1]
        if ceiling != resource.RLIM_INFINITY:  # an inherited limit can only be lowered
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(what, (soft, hard))


class Filter:
    """A seccomp filter, prepared once in the zygote; a child only passes it to the kernel."""

    def __init__(self, program: bytes) -> None:
        self._program = ctypes.create_string_buffer(program, len(program))
        self._header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(self._program))

    def install(self) -> None:
        """Restrict this process to the listed system calls, irrevocably."""
        _check(_libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, self._header, 0, 0), "PR_SET_SECCOMP")
