"""Executors: what runs evaluations, by name."""

from __future__ import annotations

import importlib
from typing import Any

from workbench import plugins
from workbench.errors import UsageError
from workbench.evaluation.jobs import Executor
from workbench.options import PROCESSES, RunOptions
from workbench.plugins import options_of, values_of
from workbench.problem.catalog import LoadedProblem

_BUILT_IN = {
    "inline": "workbench.evaluation.inline:InlinePool",
    PROCESSES: "workbench.evaluation.pool:Pool",
    "ray": "workbench.evaluation.ray_executor:RayExecutor",
}
_EXTRAS = {"ray": "ray"}
"""Package that an executor needs, which the extra of the same name brings."""
_OF_EACH = ("workers", "allow_unsafe", "isolation")
"""Constructor keywords that every executor has: options of a run."""


def names() -> list[str]:
    """Return the names of all executors, including those of installed packages, sorted."""
    return sorted({*_BUILT_IN, *plugins.entries(plugins.EXECUTORS)})


def open_executor(loaded: LoadedProblem, options: RunOptions) -> Executor:
    """Start the executor of a run.

    Raises
    ------
    UsageError
        It is unknown, lacks its package, or cannot run this problem.
    SandboxError
        A worker cannot start.
    """
    name = options.executor
    if loaded.in_memory:
        if name not in (PROCESSES, "inline"):
            raise UsageError(
                f"{loaded.slug} was defined in Python, so only this process can evaluate it: omit executor, "
                "or put the problem into a folder (evolve new)"
            )
        if options.workers > 1:
            raise UsageError(
                f"{loaded.slug} was defined in Python, so only this process can evaluate it: omit workers, "
                "or put the problem into a folder (evolve new) to use several"
            )
        name = "inline"
    cls = _class(name)
    known = {key: option for key, option in options_of(cls).items() if key not in _OF_EACH}
    own = values_of(f"executor {name!r}", known, options.executor_options) if name == options.executor else {}
    made: Executor = cls(loaded, options.workers, allow_unsafe=options.allow_unsafe, isolation=options.isolation, **own)
    return made


def _class(name: str) -> Any:
    if name in _BUILT_IN:
        module, _, cls = _BUILT_IN[name].partition(":")
        try:
            return getattr(importlib.import_module(module), cls)
        except ModuleNotFoundError as error:
            if error.name != _EXTRAS.get(name):
                raise
            raise UsageError(f"--executor {name} needs the package {error.name}: pip install 'evolve-workbench[{name}]'") from error
    plugins.refuse_unknown(name, names(), "executor")
    return plugins.load_class(name, plugins.EXECUTORS, "executor", ("submit", "news", "close"))
