"""Options of `evolve run` from a file: `evolve.toml` of the current folder, or the one that `--config` names."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.errors import UsageError
from workbench.options import mixture
from workbench.plugins import is_spec
from workbench.prices import LOCAL

FILE = Path("evolve.toml")
_KEPT = "evolve.config"
_ENDPOINTS = ("api_base", "fallback", "header")
_FORMS = {"opt": "{}={}", "proposer-opt": "{}={}", "header": "{}: {}", "price": "{}={}", "model": "{}={}"}
"""Options that may be tables, and how they are written on the command line."""
_NOT_FOUND = {"allow-unsafe", "isolation"}
"""Options that a file cannot set which merely lies in the current folder."""


def read(ctx: typer.Context, path: Path | None) -> Path | None:
    """Take the file's options as defaults of a command; the command line wins.

    Raises
    ------
    UsageError
        The file is missing or no TOML, has an unknown option or a value that the option does not take, or was not named and asks
        for what only a person may ask for.
    """
    place = path or FILE
    if path is None and not place.is_file():
        return None
    try:
        text = place.read_text("utf-8-sig")
        given = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"--config {place} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{place}: {error}") from error
    known = {option.lstrip("-"): param for param in ctx.command.params for option in param.opts if option.startswith("--")}
    known = {name: param for name, param in known.items() if param.name not in ("config", "help")}
    defaults: dict[str, Any] = {}
    for key, value in given.items():
        name = key.replace("_", "-")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise UsageError(f"{place}: unknown option {key!r}; the nearest known one is {near[0]!r}")
        if path is None:
            _refuse(place, name, value)
        param = known[name]
        defaults[str(param.name)] = _value(ctx, place, name, param, value)
    ctx.default_map = defaults
    ctx.meta[_KEPT] = (place, path is not None, tuple(given))
    return path


Config = Annotated[
    Path | None,
    typer.Option(callback=read, is_eager=True, help="File with options; default: evolve.toml in the current folder."),
]


def line(ctx: typer.Context) -> str:
    """Which options come from a file; empty if none do."""
    place, _, names = ctx.meta.get(_KEPT, (FILE, False, ()))
    return f"options from {place}: {', '.join(names)}" if names else ""


def endpoints_are_named(ctx: typer.Context) -> bool:
    """Whether the person named all endpoints and headers: here, or in a file that the command names."""
    if ctx.meta.get(_KEPT, (FILE, True, ()))[1]:
        return True
    sources = [ctx.get_parameter_source(name) for name in _ENDPOINTS]
    return not any(source is not None and source.name == "DEFAULT_MAP" for source in sources)


def _refuse(place: Path, name: str, value: object) -> None:
    """A file that merely lies in the current folder may be anybody's: it runs no code, loads no weights and opens no sandbox."""
    texts = [str(one) for one in (value if isinstance(value, list) else [value])]
    code = name == "strategy" and any(map(is_spec, texts))
    if name == "proposer":  # a class, a command, or weights, alone or as one of several
        parts = [part for text in texts for part, _ in mixture(text) or [(text, 1.0)]]
        code = any(":" in part and part.partition(":")[0] not in ("replay", "litellm") for part in parts)
    weights = name in ("model", "fallback") and any(text.startswith(f"{LOCAL}:") for text in texts)
    if name in _NOT_FOUND or code or weights:
        raise UsageError(f"{place}: {name} is not taken from a file that was only found; name it: --config {place}")


def _value(ctx: typer.Context, place: Path, name: str, param: Any, value: Any) -> Any:
    if isinstance(value, Mapping) and name in _FORMS:
        value = [_FORMS[name].format(key, _text(one)) for key, one in value.items()]
    elif isinstance(value, Mapping) and name == "extra-body":
        value = json.dumps(value)
    multiple = bool(getattr(param, "multiple", False))
    values = value if multiple and isinstance(value, list) else [value]
    for one in values:
        flag = bool(getattr(param, "is_flag", False))
        if isinstance(one, list | dict) or isinstance(one, bool) != flag:
            raise UsageError(f"{place}: {name} = {json.dumps(one, default=str)}: this is no value of the option --{name}")
    found = [one if isinstance(one, bool) else str(one) for one in values]  # as they would be typed
    try:
        param.process_value(ctx, found if multiple else found[0])
    except typer.BadParameter as error:
        raise UsageError(f"{place}: {name} = {json.dumps(value, default=str)}: {error.message.rstrip('.')}") from error
    return found if multiple else found[0]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
