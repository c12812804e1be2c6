"""The filter's machine code, the landlock ruleset, and which level of isolation is given or refused."""

from __future__ import annotations

import errno
import os
import struct

import pytest

from workbench.errors import PolicyFailure, SandboxError
from workbench.model import Limits, Program
from workbench.sandbox import describe, kernel, landlock, open_sandbox, probe, seccomp

pytestmark = pytest.mark.usefixtures("without_numpy")

X86, ARM = seccomp.ARCHITECTURES["x86_64"], seccomp.ARCHITECTURES["aarch64"]
EPERM, ENOSYS = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS


def verdict(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """What the kernel's virtual machine answers for one call: an interpreter of the instructions that the filter uses."""
    given = [a & (1 << 64) - 1 for a in (*arguments, *[0] * 6)][:6]
    data = struct.pack("IIQ6Q", number, arch, 0, *given)
    accumulator, at = 0, 0
    while True:
        code, jump_true, jump_false, operand = struct.unpack_from("HBBI", program, 8 * at)
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("I", data, operand)
        elif code == 0x15:
            at += jump_true if accumulator == operand else jump_false
        elif code == 0x35:
            at += jump_true if accumulator >= operand else jump_false
        elif code == 0x54:
            accumulator &= operand
        else:
            assert code == 0x06
            return int(operand)


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_the_filter_allows_its_table_and_nothing_else(machine: str) -> None:
    program, (audit, calls) = seccomp.filter_program(machine), seccomp.ARCHITECTURES[machine]
    allowed = set(calls.values())
    for number in [*range(600), 0x3FFFFFFF, 0x40000000, 0xFFFFFFFF]:
        expected = seccomp.ALLOW if number in allowed else ENOSYS if number == seccomp.CLONE3 else EPERM
        assert verdict(program, audit, number) == expected, number


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_no_clock_and_no_lock_asks_for_another_process(machine: str) -> None:
    program, (audit, calls) = seccomp.filter_program(machine), seccomp.ARCHITECTURES[machine]
    own, foreign = [*range(16)], [16, 17, -1, -2, -6, (~os.getpid() << 3) | 2, (~os.getpid() << 3) | 6, 1 << 31, (1 << 32) - 6]
    for name in seccomp.CLOCKS:
        assert {verdict(program, audit, calls[name], clock) for clock in own} == {seccomp.ALLOW}
        assert {verdict(program, audit, calls[name], clock) for clock in foreign} == {EPERM}
    flags = (0, 128, 256, 384)
    plain, inherits = [0, 1, 3, 4, 5, 9, 10], [2, 6, 7, 8, 11, 12, 13, 64, 512, 1 << 31]
    assert {verdict(program, audit, calls["futex"], 0, flag | command) for command in plain for flag in flags} == {seccomp.ALLOW}
    assert {verdict(program, audit, calls["futex"], 0, flag | command) for command in inherits for flag in flags} == {EPERM}


def test_other_architectures_are_killed_and_x32_is_refused() -> None:
    program = seccomp.filter_program("x86_64")
    i386 = 0x40000003
    assert {verdict(program, arch, 0) for arch in (i386, ARM.audit, 0)} == {seccomp.KILL}
    assert {verdict(program, X86.audit, 0x40000000 | n) for n in X86.calls.values()} == {EPERM}


DANGEROUS_X86 = {
    "open": 2, "openat": 257, "openat2": 437, "socket": 41, "connect": 42, "sendmsg": 46, "clone": 56, "fork": 57,
    "vfork": 58, "execve": 59, "execveat": 322, "kill": 62, "tgkill": 234, "ptrace": 101, "prctl": 157, "prlimit64": 302,
    "setrlimit": 160, "ioctl": 16, "dup": 32, "fcntl": 72, "io_uring_setup": 425, "bpf": 321, "process_vm_readv": 310,
    "pidfd_getfd": 438, "shmget": 29, "memfd_create": 319, "mount": 165,
}  # fmt: skip


@pytest.mark.parametrize("name", DANGEROUS_X86)
def test_no_dangerous_call_is_allowed(name: str) -> None:
    assert verdict(seccomp.filter_program("x86_64"), X86.audit, DANGEROUS_X86[name]) == EPERM
    assert name not in ARM.calls and name not in X86.calls


def test_both_tables_allow_the_same_calls() -> None:
    # `time` exists on x86_64 alone.
    assert set(X86.calls) - set(ARM.calls) == {"time"} and set(ARM.calls) <= set(X86.calls)


VERSIONS = [(1, 8, 13), (2, 8, 14), (3, 8, 15), (4, 16, 15), (5, 16, 16), (6, 24, 16), (9, 24, 16)]


@pytest.mark.parametrize(("abi", "size", "files"), VERSIONS)
def test_the_ruleset_covers_what_each_version_knows(abi: int, size: int, files: int) -> None:
    attributes = landlock.ruleset(abi)
    assert len(attributes) == size
    assert struct.unpack_from("Q", attributes)[0] == (1 << files) - 1


# --------------------------------------------------------------------------- levels


def fake(monkeypatch: pytest.MonkeyPatch, seccomp: bool, abi: int, *missing: str) -> None:
    found = kernel.Kernel("Linux", "4.4", "x86_64", seccomp, abi, missing)
    monkeypatch.setattr(kernel, "inspect", lambda: found)
    monkeypatch.setattr("workbench.sandbox.inspect", lambda: found)


def test_this_machine_is_described_in_words() -> None:
    told = describe()
    assert told["isolation"] == probe() in ("full", "seccomp-only", "none")
    assert set(told) == {"isolation", "kernel", "architecture", "seccomp", "landlock", "missing"} and all(told.values())
    assert (told["missing"] == "nothing") == (probe() == "full")


def test_without_kernel_support_nothing_runs_unless_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, False, 0, "the kernel has no seccomp filters")
    assert probe() == "none"
    with pytest.raises(SandboxError, match=r"no seccomp filters; `--allow-unsafe`"):
        open_sandbox()
    for wanted in ("full", "seccomp-only"):
        with pytest.raises(SandboxError, match=f"isolation '{wanted}' is not available on this machine: the kernel has no seccomp"):
            open_sandbox(isolation=wanted)
    sandbox = open_sandbox(allow_unsafe=True)
    assert sandbox.isolation == "none"
    with sandbox.open(Program("def f(x):\n    return x", "f"), Limits()) as session:
        assert session(1) == 1
    sandbox.close()


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(SandboxError, match="unknown isolation 'total'"):
        open_sandbox(isolation="total")


@pytest.mark.skipif(probe() == "none", reason="needs seccomp")
def test_without_landlock_the_filter_alone_still_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, True, 0, "the kernel has no landlock")
    monkeypatch.setattr("workbench.sandbox.isolated.inspect", kernel.inspect)
    if kernel.platform.machine() != "x86_64":
        pytest.skip("the faked kernel is an x86_64 one")
    sandbox = open_sandbox()
    assert sandbox.isolation == probe() == "seccomp-only"
    try:
        with pytest.raises(PolicyFailure, match="PermissionError"), sandbox.open(Program("open('/etc/passwd')", "f"), Limits()):
            pass
    finally:
        sandbox.close()


@pytest.mark.skipif(probe() != "full", reason="needs landlock")
def test_landlock_holds_where_the_filter_has_a_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = kernel.platform.machine()
    openat = {"x86_64": 257, "aarch64": 56}[machine]
    audit, calls = seccomp.ARCHITECTURES[machine]
    monkeypatch.setattr(seccomp, "ARCHITECTURES", {machine: seccomp.Architecture(audit, {**calls, "openat": openat})})
    reader = Program("def f(x):\n    return open(x).read()", "f")
    sandbox = open_sandbox(isolation="full")
    try:
        with sandbox.open(reader, Limits()) as session, pytest.raises(PolicyFailure, match=r"PermissionError: \[Errno 13\]"):
            session("/etc/passwd")
    finally:
        sandbox.close()
    # And without landlock the trial child gets through, so that such a sandbox never starts.
    with pytest.raises(SandboxError, match="the confinement test failed: a confined child could open a file"):
        open_sandbox(isolation="seccomp-only")


@pytest.mark.skipif(probe() == "none", reason="needs an isolated sandbox")
def test_a_module_that_is_not_installed_is_named() -> None:
    with pytest.raises(SandboxError, match="the problem allows importing no_such_module, which is not installed"):
        open_sandbox(["no_such_module"])
