"""Search strategies, one per file. The keywords of a strategy's constructor are its options."""

from __future__ import annotations

import copy
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
    """A strategy object, and the name and options that a run records.

    Attributes
    ----------
    name, options
        Arguments of `make` that recreate it. For an object that cannot be recreated, the name is its class in angle brackets.
    """

    strategy: Strategy
    name: str
    options: Mapping[str, OptionValue]


def names() -> list[str]:
    """Return the names of all strategies, including those of installed packages, sorted."""
    return sorted({*built_in(), *plugins.entries(plugins.STRATEGIES)})


def describe(name: str) -> Description:
    """Return the first line of a strategy's docstring and its options with defaults.

    Raises
    ------
    UsageError
        Unknown name; the message suggests a similar one.
    """
    cls = _strategy(name)
    return plugins.describe(name, cls, _options(cls))


def make(name: str, options: Mapping[str, OptionValue] | None = None) -> Strategy:
    """Create a strategy.

    Parameters
    ----------
    name
        Name of its file in `workbench/search/`, of an entry point of an installed package, `package.module:Class` or
        `path/file.py:Class`.
    options
        Values by constructor keyword; text is converted to the keyword's type.

    Raises
    ------
    UsageError
        Unknown strategy or option, or a value outside the option's type or range.
    """
    cls = _strategy(name)
    made: Strategy = cls(**values_of(f"strategy {name!r}", _options(cls), options or {}))
    return made


def choose(strategy: Strategy | str, options: Mapping[str, OptionValue] | None = None) -> Chosen:
    """Return a strategy given by name or as an object. An object is copied and can be used for further runs.

    Raises
    ------
    UsageError
        As for `make`; or the object lacks `ask` or `tell`; or options are given with an object.
    """
    if isinstance(strategy, str):
        made = make(strategy, options)
        return Chosen(made, strategy, dict(getattr(made, "options", options or {})))
    if isinstance(strategy, type) or not (hasattr(strategy, "ask") and hasattr(strategy, "tell")):
        raise UsageError(f"a strategy must be a name or an object with the methods ask and tell, got {strategy!r:.60}")
    if options:
        raise UsageError("options apply only to a strategy given by name; pass them to the constructor of the object")
    cls = type(strategy)
    package, _, name = cls.__module__.rpartition(".")
    if package == __name__:
        return Chosen(copy.deepcopy(strategy), name, dict(getattr(strategy, "options", {})))
    return Chosen(copy.deepcopy(strategy), f"<{plugins.spec(cls)}>", {})


def uses(name: str, options: Mapping[str, object]) -> list[str]:
    """Return the names of all strategies whose code `make` would run, itself first."""
    known = "members" in options and name == "portfolio"
    members = str(options["members"]).split(",") if known else []
    return [name, *(member.strip() for member in members if member.strip() not in ("", "all"))]


def built_in() -> list[str]:
    """Return the names of the strategies in this package, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def _strategy(name: str) -> type:
    if name.startswith("<"):
        raise UsageError(f"the strategy {name} was a Python object: pass it again, with workbench.resume(..., strategy=...)")
    plugins.refuse_unknown(name, names(), "strategy")
    if name not in built_in():
        return plugins.load_class(name, plugins.STRATEGIES, "strategy", ("ask", "tell"))
    module = importlib.import_module(f"{__name__}.{name}")
    found = [
        cls
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__ and hasattr(cls, "ask") and hasattr(cls, "tell")
    ]
    if len(found) != 1:
        raise UsageError(f"{module.__file__} must define exactly one class with `ask` and `tell`, got {len(found)}")
    return found[0]


def _options(cls: type) -> dict[str, Option]:
    known = options_of(cls)
    for name in inspect.signature(cls).parameters:
        if name not in known:
            raise UsageError(
                f"{plugins.spec(cls)}: the constructor parameter {name} is an option and needs a type "
                "(str, int, float or bool) and a default"
            )
    return known
