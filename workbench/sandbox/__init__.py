"""Runs programs where they can do no harm: `open_sandbox`, and what this machine offers for it."""

from __future__ import annotations

from collections.abc import Collection

from workbench.errors import SandboxError
from workbench.protocols import Sandbox
from workbench.sandbox.isolated import IsolatedSandbox
from workbench.sandbox.kernel import FULL, NONE, SECCOMP_ONLY, describe, inspect, probe
from workbench.sandbox.plain import PlainSandbox

__all__ = ["FULL", "NONE", "SECCOMP_ONLY", "describe", "open_sandbox", "probe"]


def open_sandbox(
    modules: Collection[str] = (),
    *,
    allow_unsafe: bool = False,
    isolation: str | None = None,
    spares: int = 1,
    cpu: int | None = None,
) -> Sandbox:
    """Start a sandbox at the best level of isolation that this machine offers.

    Parameters
    ----------
    modules
        Top-level modules that programs may import beyond `workbench.program.source.MODULES`; imported now, with all their parts.
    allow_unsafe
        Accept no isolation at all where the kernel offers none.
    isolation
        Insist on `full`, `seccomp-only` or `none` (programs then run with your own rights).
    spares
        How many processes wait for a program. One suffices for one caller: it is forked while the one before it works.
    cpu
        Bind the programs to this CPU. A caller that binds itself to the same one gets a decision in a third of the time,
        since neither waits for the other's CPU to wake up.

    Returns
    -------
    Sandbox
        To be used from the calling thread, which must live as long: the kernel ends the sandbox's processes with it.

    Raises
    ------
    SandboxError
        When the wanted level cannot be had, or the sandbox cannot start.
    """
    best = probe()
    level = isolation or best
    if level not in (FULL, SECCOMP_ONLY, NONE):
        raise SandboxError(f"unknown isolation {isolation!r}: choose {FULL}, {SECCOMP_ONLY} or {NONE}")
    if level == NONE:
        if isolation is None and not allow_unsafe:
            raise SandboxError(
                f"programs cannot be isolated here: {inspect().missing[0]}; "
                "`--allow-unsafe` runs them with your own rights nevertheless"
            )
        return PlainSandbox(modules, spares, cpu)
    if best == NONE or (level == FULL and best != FULL):
        raise SandboxError(f"isolation {level!r} cannot be had here: {'; '.join(inspect().missing)}")
    return IsolatedSandbox(modules, level, spares, cpu)
