"""Sandboxes for untrusted programs: `open_sandbox`, and the isolation level that this machine supports."""

from __future__ import annotations

from collections.abc import Collection

from workbench.errors import SandboxError
from workbench.model import Surroundings
from workbench.protocols import Sandbox
from workbench.sandbox.isolated import IsolatedSandbox
from workbench.sandbox.kernel import FULL, NONE, SECCOMP_ONLY, describe, inspect, probe
from workbench.sandbox.plain import PlainSandbox

__all__ = ["FULL", "NONE", "SECCOMP_ONLY", "describe", "open_sandbox", "probe"]

_USUAL = Surroundings()


def open_sandbox(
    modules: Collection[str] = (),
    *,
    allow_unsafe: bool = False,
    isolation: str | None = None,
    spares: int = 1,
    cpu: int | None = None,
    surroundings: Surroundings = _USUAL,
) -> Sandbox:
    """Start a sandbox at the best isolation level that this machine supports.

    Parameters
    ----------
    modules
        Top-level modules that programs may import in addition to `workbench.program.source.MODULES`; imported now, with submodules.
    allow_unsafe
        Run programs without isolation if the kernel supports none.
    isolation
        Required level: `full`, `seccomp-only` or `none` (programs run with your own permissions).
    spares
        Number of processes forked in advance. One suffices for one caller: the next is forked while the current one works.
    cpu
        CPU to which the programs are bound. If the caller is bound to the same one, a decision takes a third of the time,
        because neither waits for the other's CPU to wake up.
    surroundings
        Properties of their process that programs could observe.

    Returns
    -------
    Sandbox
        Use it only from the calling thread, and keep that thread alive: the kernel ends the sandbox's processes with it.

    Raises
    ------
    SandboxError
        The required level is not available, or the sandbox cannot start.
    """
    best = probe()
    level = isolation or best
    if level not in (FULL, SECCOMP_ONLY, NONE):
        raise SandboxError(f"unknown isolation {isolation!r}: choose {FULL}, {SECCOMP_ONLY} or {NONE}")
    if level == NONE:
        if isolation is None and not allow_unsafe:
            raise SandboxError(
                f"programs cannot be isolated on this machine: {inspect().missing[0]}; "
                "`--allow-unsafe` runs them with your own permissions"
            )
        return PlainSandbox(modules, spares, cpu, surroundings)
    if best == NONE or (level == FULL and best != FULL):
        raise SandboxError(f"isolation {level!r} is not available on this machine: {'; '.join(inspect().missing)}")
    return IsolatedSandbox(modules, level, spares, cpu, surroundings)
