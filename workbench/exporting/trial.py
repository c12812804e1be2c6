"""Trial of a finished module before it is written: its self-check must pass under other names and hash seeds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workbench.errors import PolicyFailure, UsageError
from workbench.exporting.module import Module
from workbench.exporting.self_check import REPLAY
from workbench.model import Limits, Program, Surroundings
from workbench.protocols import Sandbox
from workbench.sandbox.frames import one_line

Opener = Callable[[Surroundings], Sandbox]
"""Starts a sandbox in which a program sees these surroundings."""


def surroundings(module: Module) -> tuple[Surroundings, ...]:
    """Return two surroundings that differ from those of the recording: imported from a file, and executed as a text."""
    stem = Path(module.name).stem
    name = stem if stem.isidentifier() else "exported_module"
    return (
        Surroundings(hash_seed=1, module=f"{name}_elsewhere", file=f"/tmp/elsewhere/{name}_elsewhere.py", generators=1, depth=5),
        Surroundings(hash_seed=2, module="another_name", generators=2, depth=20),
    )


def try_out(module: Module, limits: Limits, open_sandbox: Opener, places: Sequence[Surroundings] = ()) -> None:
    """Import a module in several surroundings and run its self-check there.

    Parameters
    ----------
    places
        Default: `surroundings(module)`.

    Raises
    ------
    UsageError
        It cannot be imported, or an answer differs from the recorded one.
    """
    chosen = places or surroundings(module)
    with ThreadPoolExecutor(len(chosen)) as threads:  # a sandbox belongs to the thread that started it
        failures = list(threads.map(lambda place: _failure(module, limits, open_sandbox, place), chosen))
    if failure := next(filter(None, failures), ""):
        raise UsageError(f"nothing was written: the finished module fails its self-check elsewhere: {failure}")


def _failure(module: Module, limits: Limits, open_sandbox: Opener, place: Surroundings) -> str:
    where = f"(as `{place.module}`, hash seed {place.hash_seed})"
    with contextlib.closing(open_sandbox(place)) as sandbox:
        case = None
        try:
            with sandbox.open(Program(module.text, REPLAY), limits) as session:
                for case in module.cases:
                    session.next_instance()
                    if (difference := session(case.to_json())) != "":
                        return f"{case.instance}: {one_line(str(difference), 300)} {where}"
        except PolicyFailure as error:
            return f"{f'{case.instance}: ' if case else 'it cannot be imported: '}{error} {where}"
    return ""
