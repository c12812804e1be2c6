"""Options of a strategy or a proposer: the keywords of its constructor, read from its signature, set from text."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from workbench.errors import UsageError

OptionValue: TypeAlias = str | int | float | bool

_TYPES: Mapping[str, type] = MappingProxyType({"str": str, "int": int, "float": float, "bool": bool})
_BOOLEANS: Mapping[str, bool] = MappingProxyType(
    {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
)


@dataclass(frozen=True, slots=True)
class Option:
    """One keyword of a constructor; its default may be None where the class chooses a value itself."""

    name: str
    type: type
    default: OptionValue | None


@dataclass(frozen=True, slots=True)
class Description:
    """What a strategy or a proposer does, in one line, and the options it takes."""

    name: str
    summary: str
    options: tuple[Option, ...] = ()


def describe(name: str, cls: type, options: Mapping[str, Option]) -> Description:
    """A class under the name that it has on the command line, with the first line of its docstring."""
    return Description(name, (inspect.getdoc(cls) or "").partition("\n")[0], tuple(options.values()))


def options_of(cls: type) -> dict[str, Option]:
    """Keywords of a class's constructor that can be set from text: those of a plain type that have a default."""
    found = {}
    for parameter in inspect.signature(cls).parameters.values():
        annotation: Any = parameter.annotation
        text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
        kind = _TYPES.get(text.removesuffix(" | None"))
        if kind and parameter.default is not inspect.Parameter.empty:
            found[parameter.name] = Option(parameter.name, kind, parameter.default)
    return found


def values_of(what: str, known: Mapping[str, Option], given: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    """Values for a constructor; text, as a command line has it, is converted to the option's type.

    Parameters
    ----------
    what
        Whose options they are, for messages: `strategy 'greedy'`.

    Raises
    ------
    UsageError
        Unknown option, or a value that is not of the option's type.
    """
    for name in given:
        if name not in known:
            valid = ", ".join(f"{o.name}={o.default}" for o in known.values()) or "none"
            raise UsageError(f"{what} has no option {name!r}; valid are (with defaults): {valid}")
    return {name: _converted(what, known[name], value) for name, value in given.items()}


def _converted(what: str, option: Option, value: OptionValue) -> OptionValue:
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
            f"{what}: option {option.name} takes {option.type.__name__}, not {value!r} (default {option.default})"
        ) from error
