"""Engines: controllers of other projects that propose on a run's budget; one file each."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeGuard

from workbench import plugins
from workbench.engines.protocol import Engine
from workbench.errors import UsageError
from workbench.options import RunOptions
from workbench.plugins import ENGINE, Description, OptionValue, options_of, values_of

BUILT_IN = ("gepa", "openevolve")


def is_engine(strategy: object) -> TypeGuard[str]:
    """Whether the name of a strategy is that of an engine."""
    return isinstance(strategy, str) and strategy.startswith(ENGINE)


def names() -> list[str]:
    """Return the names of all engines, including those of installed packages, sorted."""
    return sorted({*BUILT_IN, *plugins.entries(plugins.ENGINES)})


def built_in() -> list[str]:
    """Return the names of the engines in this package as those of strategies."""
    return [ENGINE + name for name in BUILT_IN]


def describe(name: str) -> Description:
    """Return the first line of an engine's docstring and its options with defaults."""
    cls = _class(name)
    return plugins.describe(name, cls, options_of(cls))


def make(name: str, options: Mapping[str, OptionValue] | None = None) -> Engine:
    """Create an engine.

    Parameters
    ----------
    name
        Name of its file in `workbench/engines/`, of an entry point of an installed package, `package.module:Class` or
        `path/file.py:Class`; with or without `engine:` before it.

    Raises
    ------
    UsageError
        Unknown engine or option, or what it needs is not installed.
    """
    name = name.removeprefix(ENGINE)
    cls = _class(name)
    made: Engine = cls(**values_of(f"engine {name!r}", options_of(cls), options or {}))
    return made


def settled(options: RunOptions) -> RunOptions:
    """Return the options of a run without what would search beside an engine, or judge by another parent than its own.

    Raises
    ------
    UsageError
        An option that has no meaning with an engine.
    """
    if not is_engine(options.strategy):
        return options
    unread = {"--playbook": options.playbook, "--evidence": options.evidence, "--gate advice": options.gate == "advice"}
    for flag, given in unread.items():
        if given:
            raise UsageError(f"{flag} writes into the prompts of this project, and an engine has its own: omit it with --engine")
    return replace(options, tune_trials=0, race=False)


def _class(name: str) -> Any:
    if name in BUILT_IN:
        module = importlib.import_module(f"{__name__}.{name}")
        return next(
            c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__ and hasattr(c, "run")
        )
    plugins.refuse_unknown(name, names(), "engine")
    return plugins.load_class(name, plugins.ENGINES, "engine", ("run",))
