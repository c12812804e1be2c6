"""Opens the sandbox in which programs of a problem run."""

from __future__ import annotations

from workbench.model import Surroundings
from workbench.problem.catalog import LoadedProblem
from workbench.protocols import Sandbox
from workbench.sandbox import open_sandbox
from workbench.sandbox.foreign import ForeignSandbox

_USUAL = Surroundings()


def open_for(
    loaded: LoadedProblem,
    *,
    allow_unsafe: bool = False,
    isolation: str | None = None,
    cpu: int | None = None,
    surroundings: Surroundings = _USUAL,
) -> Sandbox:
    """Open the sandbox of a problem; that of a foreign task runs each program with the task's evaluator.

    Parameters
    ----------
    allow_unsafe, isolation, cpu, surroundings
        As for `open_sandbox`; the last two mean nothing to a foreign task.

    Raises
    ------
    SandboxError
        It cannot start.
    """
    if loaded.evaluator is not None:
        return ForeignSandbox(loaded.evaluator, allow_unsafe=allow_unsafe, isolation=isolation)
    return open_sandbox(loaded.problem.modules, allow_unsafe=allow_unsafe, isolation=isolation, cpu=cpu, surroundings=surroundings)
