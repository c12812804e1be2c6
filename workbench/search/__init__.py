"""Search strategies: one file each; the keywords of a strategy's constructor are its options."""

from __future__ import annotations

import copy
import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass

from workbench import plugins
from workbench.errors import UsageError
from workbench.plugins import Description, Option, OptionValue, options_of, values_of
from workbench.protocols import Strategy


@dataclass(frozen=True, slots=True)
class Chosen:
    """A strategy ready to be used, and what a run records of it.

    Attributes
    ----------
    name, options
        What `make` needs to make it again. For an object that cannot be made again, its class in angle brackets.
    """

    strategy: Strategy
    name: str
    options: Mapping[str, OptionValue]


def names() -> list[str]:
    """Names of all strategies, installed packages included, sorted."""
    return sorted({*_files(), *plugins.entries(plugins.STRATEGIES)})


def describe(name: str) -> Description:
    """First line of a strategy's docstring and its options with their defaults.

    Raises
    ------
    UsageError
        Unknown name; the nearest is suggested.
    """
    cls = _strategy(name)
    return plugins.describe(name, cls, _options(cls))


def make(name: str, options: Mapping[str, OptionValue] | None = None) -> Strategy:
    """Make a strategy.

    Parameters
    ----------
    name
        Its file's name in `workbench/search/`, the entry point of an installed package, `package.module:Class` or
        `path/file.py:Class`.
    options
        Values by keyword of its constructor; text from the command line is converted to the keyword's type.

    Raises
    ------
    UsageError
        Unknown strategy or option, or a value that is not of the option's type or range.
    """
    cls = _strategy(name)
    made: Strategy = cls(**values_of(f"strategy {name!r}", _options(cls), options or {}))
    return made


def choose(strategy: Strategy | str, options: Mapping[str, OptionValue] | None = None) -> Chosen:
    """A strategy by name or as an object; an object is copied, so that it can be used for another run.

    Raises
    ------
    UsageError
        As `make`; or the object has no `ask` and `tell`; or options beside an object.
    """
    if isinstance(strategy, str):
        return Chosen(make(strategy, options), strategy, dict(options or {}))
    if isinstance(strategy, type) or not (hasattr(strategy, "ask") and hasattr(strategy, "tell")):
        raise UsageError(f"a strategy is a name or an object with the methods ask and tell, not {strategy!r:.60}")
    if options:
        raise UsageError("options go to the constructor of a strategy that is given as an object")
    cls = type(strategy)
    package, _, name = cls.__module__.rpartition(".")
    if package == __name__:
        return Chosen(copy.deepcopy(strategy), name, dict(getattr(strategy, "options", {})))
    return Chosen(copy.deepcopy(strategy), f"<{plugins.spec(cls)}>", {})


def _files() -> list[str]:
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def _strategy(name: str) -> type:
    if name.startswith("<"):
        raise UsageError(f"the strategy {name} was a Python object: pass it again, with workbench.resume(..., strategy=...)")
    known = names()
    if name not in known and not plugins.is_spec(name):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"unknown strategy {name!r}; {hint}there are: {', '.join(known)}, or package.module:Class")
    if name not in _files():
        cls = plugins.load(name, plugins.STRATEGIES, "strategy")
        if not (isinstance(cls, type) and hasattr(cls, "ask") and hasattr(cls, "tell")):
            raise UsageError(f"strategy {name!r} must be a class with the methods ask and tell, not {cls!r:.60}")
        return cls
    module = importlib.import_module(f"{__name__}.{name}")
    found = [
        cls
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__ and hasattr(cls, "ask") and hasattr(cls, "tell")
    ]
    if len(found) != 1:
        raise UsageError(f"{module.__file__} must define exactly one class with `ask` and `tell`; it has {len(found)}")
    return found[0]


def _options(cls: type) -> dict[str, Option]:
    known = options_of(cls)
    for name in inspect.signature(cls).parameters:
        if name not in known:
            raise UsageError(
                f"{plugins.spec(cls)}: the parameter {name} of the constructor needs a type (str, int, float or bool) "
                "and a default, for it is an option"
            )
    return known
