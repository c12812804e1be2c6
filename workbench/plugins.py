"""Loading of plug-in classes by module, file or entry point, and parsing of their constructor options."""

from __future__ import annotations

import difflib
import functools
import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, TypeAlias, TypeVar

from workbench.errors import UsageError
from workbench.options import mixture

STRATEGIES, PROPOSERS = "evolve.strategies", "evolve.proposers"
EXECUTORS, ENGINES = "evolve.executors", "evolve.engines"
"""Entry-point groups. An entry's name is used on the command line; its value is `package.module:Class`."""

ENGINE = "engine:"
"""Begins the name of a strategy that is the controller of another project."""

Made = TypeVar("Made", bound=type)
OptionValue: TypeAlias = str | int | float | bool

_TYPES: Mapping[str, type] = MappingProxyType({"str": str, "int": int, "float": float, "bool": bool})
_BOOLEANS: Mapping[str, bool] = MappingProxyType(
    {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
)


def entries(group: str) -> list[str]:
    """Return the names of a group's entry points, sorted."""
    return sorted({point.name for point in entry_points(group=group)})


def is_spec(name: str) -> bool:
    """Whether a name has the form `package.module:Name` or `path/file.py:Name`."""
    where, colon, attribute = name.rpartition(":")
    return bool(colon and where and attribute.isidentifier())


def absolute(name: str) -> str:
    """Return `path/file.py:Name` with its whole path, so that it means the same file everywhere; other names unchanged."""
    if parts := mixture(name):
        return " + ".join(f"{absolute(part)}*{share:g}" for part, share in parts)
    if name.startswith(ENGINE):
        return ENGINE + absolute(name.removeprefix(ENGINE))
    where, _, attribute = name.rpartition(":")
    return f"{Path(where).expanduser().resolve()}:{attribute}" if where.endswith(".py") else name


def load(name: str, group: str, what: str) -> Any:
    """Load the object with the given name.

    Parameters
    ----------
    name
        `package.module:Name`, `path/file.py:Name`, or the name of an entry point of `group`.
    what
        Expected kind ("strategy", "proposer"), for messages.

    Raises
    ------
    UsageError
        The module or file cannot be imported, or does not define the name.
    """
    for point in entry_points(group=group):
        if point.name == name:
            return _attribute(point.value, f"{what} {name!r} (an entry point of {point.dist.name if point.dist else '?'})")
    return _attribute(name, f"{what} {name!r}")


def refuse_unknown(name: str, known: Sequence[str], what: str) -> None:
    """Refuse a name that is none of these and no `package.module:Name` either, with the nearest one.

    Raises
    ------
    UsageError
        It is unknown.
    """
    if name not in known and not is_spec(name):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"unknown {what} {name!r}; {hint}available: {', '.join(known)}, or package.module:Class")


def load_class(name: str, group: str, what: str, methods: Sequence[str]) -> type:
    """Load a class as `load` does, and see whether it has some methods.

    Raises
    ------
    UsageError
        As `load`; or it is no such class.
    """
    cls = load(name, group, what)
    if not (isinstance(cls, type) and all(hasattr(cls, method) for method in methods)):
        *others, last = methods
        listed = f"methods {', '.join(others)} and {last}" if others else f"method {last}"
        raise UsageError(f"{what} {name!r} must be a class with the {listed}, got {cls!r:.60}")
    return cls


def spec(cls: type) -> str:
    """Return the name of a class as `package.module:Name`."""
    return f"{cls.__module__}:{cls.__qualname__}"


def keeps_its_options(cls: Made) -> Made:
    """Class decorator that stores the constructor arguments of each object in its attribute `options`.

    A run records them and can then be resumed.
    """
    construct: Callable[..., None] = vars(cls)["__init__"]
    signature = inspect.signature(construct)

    @functools.wraps(construct)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        self.options = dict(list(bound.arguments.items())[1:])
        construct(self, *args, **kwargs)

    cls.__init__ = __init__  # type: ignore[misc]
    return cls


def _attribute(name: str, what: str) -> Any:
    where, _, attribute = name.rpartition(":")
    module = _file(Path(where).expanduser(), what) if where.endswith(".py") else _module(where, what)
    try:
        return functools.reduce(getattr, attribute.split("."), module)
    except AttributeError as error:
        raise UsageError(f"{what}: {where} has no {attribute!r}") from error


def _module(name: str, what: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and not f"{name}.".startswith(f"{error.name}."):
            raise UsageError(f"{what} cannot be imported: {error}") from error
        raise UsageError(
            f"{what}: there is no module {name!r}; install its package, or give the file: path/file.py:Class"
        ) from error
    except Exception as error:
        raise UsageError(f"{what} cannot be imported: {type(error).__name__}: {error}") from error


def _file(path: Path, what: str) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"{what}: there is no file {path}")
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    name = f"evolve_plugin_{path.stem}_{digest}"
    made = importlib.util.spec_from_file_location(name, path)
    assert made and made.loader
    module = importlib.util.module_from_spec(made)
    sys.modules[name] = module
    try:
        made.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise UsageError(f"{what}: {path} cannot be imported: {type(error).__name__}: {error}") from error
    return module


# --------------------------------------------------------------------------- options of a class


@dataclass(frozen=True, slots=True)
class Option:
    """One constructor keyword. A default of None means that the class chooses the value."""

    name: str
    type: type
    default: OptionValue | None


@dataclass(frozen=True, slots=True)
class Description:
    """Name, one-line summary and options of a strategy or proposer."""

    name: str
    summary: str
    options: tuple[Option, ...] = ()


def describe(name: str, cls: type, options: Mapping[str, Option]) -> Description:
    """Describe a class by its command-line name, the first line of its docstring and its options."""
    return Description(name, (inspect.getdoc(cls) or "").partition("\n")[0], tuple(options.values()))


def options_of(cls: type) -> dict[str, Option]:
    """Return the constructor keywords that can be set from text: those with a plain type and a default."""
    found = {}
    for parameter in inspect.signature(cls).parameters.values():
        annotation: Any = parameter.annotation
        text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
        kind = _TYPES.get(text.removesuffix(" | None"))
        if kind and parameter.default is not inspect.Parameter.empty:
            found[parameter.name] = Option(parameter.name, kind, parameter.default)
    return found


def values_of(what: str, known: Mapping[str, Option], given: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    """Return option values for a constructor, converting text to each option's type.

    Parameters
    ----------
    what
        Owner of the options, for messages: `strategy 'greedy'`.

    Raises
    ------
    UsageError
        Unknown option, or a value that cannot be converted to the option's type.
    """
    for name in given:
        if name not in known:
            valid = ", ".join(f"{o.name}={o.default}" for o in known.values()) or "none"
            raise UsageError(f"{what} has no option {name!r}; valid options with defaults: {valid}")
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
            f"{what}: option {option.name} must be of type {option.type.__name__}, got {value!r} (default {option.default})"
        ) from error
