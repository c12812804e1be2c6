"""Classes named in text: `package.module:Name`, `path/file.py:Name`, or an entry point of an installed package."""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from workbench.errors import UsageError

STRATEGIES, PROPOSERS = "evolve.strategies", "evolve.proposers"
"""Entry-point groups; the name of an entry is what the command line calls it, its value is `package.module:Class`."""

Made = TypeVar("Made", bound=type)


def entries(group: str) -> list[str]:
    """Names of a group's entry points, sorted."""
    return sorted({point.name for point in entry_points(group=group)})


def is_spec(name: str) -> bool:
    """Whether a name has the form `package.module:Name` or `path/file.py:Name`."""
    where, colon, attribute = name.rpartition(":")
    return bool(colon and where and attribute.isidentifier())


def load(name: str, group: str, what: str) -> Any:
    """The object that a name stands for.

    Parameters
    ----------
    name
        `package.module:Name`, `path/file.py:Name`, or the name of an entry point of `group`.
    what
        What it should be ("strategy", "proposer"), for messages.

    Raises
    ------
    UsageError
        The module or file cannot be imported, or has no such name.
    """
    for point in entry_points(group=group):
        if point.name == name:
            return _attribute(point.value, f"{what} {name!r} (an entry point of {point.dist.name if point.dist else '?'})")
    return _attribute(name, f"{what} {name!r}")


def spec(cls: type) -> str:
    """`package.module:Name` of a class."""
    return f"{cls.__module__}:{cls.__qualname__}"


def keeps_its_options(cls: Made) -> Made:
    """Decorator for classes whose constructor has plain keywords: a new object's `options` holds those it was made with.

    A run records them, so that it can be resumed by name.
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
            f"{what}: there is no module {name!r}; install the package that holds it, or name the file: path/file.py:Class"
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
