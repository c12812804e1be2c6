"""Strategies by file name: one file a strategy, its constructor's keywords are its options."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from workbench.errors import UsageError
from workbench.protocols import Strategy

OptionValue: TypeAlias = str | int | float | bool

_TYPES: Mapping[object, type] = MappingProxyType({"str": str, "int": int, "float": float, "bool": bool})
_BOOLEANS: Mapping[str, bool] = MappingProxyType(
    {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
)


@dataclass(frozen=True, slots=True)
class Option:
    """One keyword of a strategy's constructor."""

    name: str
    type: type
    default: OptionValue


@dataclass(frozen=True, slots=True)
class Description:
    """What a strategy does, in one line, and the options it takes."""

    name: str
    summary: str
    options: tuple[Option, ...]


def names() -> list[str]:
    """Names of all strategies, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def describe(name: str) -> Description:
    """First line of a strategy's docstring and its options with their defaults.

    Raises
    ------
    UsageError
        Unknown name; the nearest is suggested.
    """
    cls = _strategy(name)
    summary = (inspect.getdoc(cls) or "").partition("\n")[0]
    return Description(name, summary, tuple(_options(cls).values()))


def make(name: str, options: Mapping[str, OptionValue] | None = None) -> Strategy:
    """Make a strategy.

    Parameters
    ----------
    name
        Its file's name below `workbench/search/`.
    options
        Values by keyword of its constructor; text, as a command line has it, is converted to the keyword's type.

    Raises
    ------
    UsageError
        Unknown strategy or option, or a value that is not of the option's type or range.
    """
    cls = _strategy(name)
    known = _options(cls)
    values = {}
    for key, value in (options or {}).items():
        if key not in known:
            valid = ", ".join(f"{o.name}={o.default}" for o in known.values()) or "none"
            raise UsageError(f"strategy {name!r} has no option {key!r}; valid are (with defaults): {valid}")
        values[key] = _convert(name, known[key], value)
    made: Strategy = cls(**values)
    return made


def _strategy(name: str) -> type:
    known = names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"unknown strategy {name!r}; {hint}there are: {', '.join(known)}")
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
    found = {}
    for parameter in inspect.signature(cls).parameters.values():
        annotation = getattr(parameter.annotation, "__name__", parameter.annotation)
        found[parameter.name] = Option(parameter.name, _TYPES[annotation], parameter.default)
    return found


def _convert(strategy: str, option: Option, value: OptionValue) -> OptionValue:
    try:
        if option.type is bool:
            return value if isinstance(value, bool) else _BOOLEANS[str(value).strip().lower()]
        if isinstance(value, bool):
            raise ValueError
        if option.type is int and isinstance(value, float):
            if not value.is_integer():
                raise ValueError
            return int(value)
        converted: OptionValue = option.type(value)
        return converted
    except (ValueError, KeyError) as error:
        raise UsageError(
            f"strategy {strategy!r}: option {option.name} wants {option.type.__name__}, not {value!r} (default {option.default})"
        ) from error
