"""Proposers: creation by name, and the default choice."""

from __future__ import annotations

import dataclasses
import difflib
import importlib
from collections.abc import Callable, Collection
from typing import Any, cast

from workbench import plugins
from workbench.errors import UsageError
from workbench.model import Call, Program, Reply, Task
from workbench.options import RunOptions, mixture
from workbench.plugins import Description, Option, options_of, values_of
from workbench.prices import LOCAL, is_local
from workbench.proposers.keys import endpoint
from workbench.proposers.mixed import Mixed, Part
from workbench.proposers.providers import detect, served
from workbench.protocols import Proposer

NAMES = ("agent", "agents", "builtin", "litellm", "replay", "scripted")
"""Built-in proposers. `replay:RUN` needs the store and `scripted` its replies; the others need only options."""
_FROM_OPTIONS = ("agents", "builtin", "litellm")

_RECORDED = frozenset(
    {"api_base", "temperature", "answer_tokens", "reasoning_effort", "fallbacks", "headers", "extra_body", "prices"}
    | {"concurrency", "timeout", "style"}
)
"""Constructor keywords that are also options of a run."""
_OF_THE_COMMAND = frozenset({"named"})
"""Constructor keywords that each command decides; they are never recorded."""

Lookup = Callable[[int], Reply | Call | Program | None]


def choose() -> tuple[str, str]:
    """Return the proposer that `auto` stands for, and one line with the model, the reason, and how to choose another."""
    name, why, _, _ = detect()
    return name, why


def resolve(options: RunOptions) -> tuple[RunOptions, str]:
    """Replace `auto`, and `litellm` without a model, by a definite proposer and model.

    Returns
    -------
    tuple
        The options with proposer, models and endpoint filled in, and the reason in one line (empty if nothing was replaced).

    Raises
    ------
    UsageError
        Unknown proposer, a model given for a proposer that calls none, or `litellm` if no model is available.
    """
    if parts := mixture(options.proposer):
        return _resolved_mixture(options, parts), ""
    options = _with_its_model(options)
    name = _known(options.proposer)
    if name == "auto" and options.models:
        return dataclasses.replace(options, proposer="litellm"), ""
    if name == "auto" and options.api_base:
        name = "litellm"
    if name == "litellm" and not options.models:
        return _with_model(options)
    if name in ("builtin", "agent", "agents") and options.models:
        raise UsageError(f"--proposer {name} calls no model: omit --model, or use --proposer litellm")
    if name != "auto":
        return options, ""
    choice = detect()
    return dataclasses.replace(options, proposer=choice.name, models=choice.models, api_base=choice.api_base), choice.why


def make(options: RunOptions, lookup: Lookup | None = None, *, named: Collection[str] = ()) -> Proposer:
    """Create the proposer of a run; `begin` then provides the problem.

    Parameters
    ----------
    options
        Name of the proposer (a file in `workbench/proposers/`, `replay:RUN`, `auto`, an entry point of an installed package,
        `package.module:Class` or `path/file.py:Class`), its models and further options.
    lookup
        Returns the recorded answers for `replay`.
    named
        Options that the user gave in this very command: `api_base` and `fallbacks` then get the keys of the models' providers, and
        `headers` may hold environment variables.

    Raises
    ------
    UsageError
        Unknown name, or options that the proposer does not accept.
    """
    options, _ = resolve(options)
    if parts := mixture(options.proposer):
        return _mixed(options, parts, named)
    name = options.proposer
    if name == "scripted":
        raise UsageError(f"proposer {name!r} is for tests: create it with its replies, not by name")
    cls = _class(name)
    values = values_of(f"proposer {name!r}", _own_options(cls), options.proposer_options)
    given: tuple[Any, ...] = ()
    if name == "litellm":
        given = (options.models,)
        values |= {key: getattr(options, key) for key in _RECORDED} | {"named": named}
    elif name.startswith("agent:"):
        given = (name,)
    elif name.startswith("replay:"):
        if lookup is None:
            raise UsageError(f"{name}: the recorded run is not available")
        given = (lookup, name)
    try:
        made: Proposer = cls(*given, **values)
    except TypeError as error:
        raise UsageError(f"proposer {name!r} cannot be created from options alone: {error}") from error
    return made


def _with_its_model(options: RunOptions) -> RunOptions:
    """Take `litellm:MODEL`, `local` and `local:FILE` as the proposer `litellm` with that model."""
    base, _, model = options.proposer.partition(":")
    model = options.proposer if is_local(options.proposer) else model if base == "litellm" else ""
    if not model:
        return options
    if options.models:
        raise UsageError(f"--proposer {options.proposer} names its model: omit --model")
    return dataclasses.replace(options, proposer="litellm", models=(model,))


def _part(options: RunOptions, name: str) -> RunOptions:
    """Options of one of several proposers."""
    return dataclasses.replace(options, proposer=name, proposer_options={})


def _resolved_mixture(options: RunOptions, parts: tuple[tuple[str, float], ...]) -> RunOptions:
    if options.models:
        raise UsageError("--model goes with one proposer; with several, name the model in its place: litellm:MODEL")
    for name, share in parts:
        if name.partition(":")[0] in ("auto", "replay", "scripted") or name == "litellm":
            raise UsageError(
                f"--proposer: {name} cannot be one of several; use litellm:MODEL, {LOCAL}, builtin, agents or agent:COMMAND"
            )
        if not share > 0:
            raise UsageError(f"--proposer {name}*{share:g}: a share must be above 0")
        resolve(_part(options, name))
    return options


def _mixed(options: RunOptions, parts: tuple[tuple[str, float], ...], named: Collection[str]) -> Proposer:
    unused = dict(options.proposer_options)
    made = []
    for name, share in parts:
        one = resolve(_part(options, name))[0]
        own = _own_options(_class(one.proposer))
        given = {key: value for key, value in options.proposer_options.items() if key in own}
        unused = {key: value for key, value in unused.items() if key not in own}
        made.append(Part(name, share, make(dataclasses.replace(one, proposer_options=given), named=named)))
    if unused:
        raise UsageError(f"none of the proposers has an option {min(unused)!r}")
    return Mixed(made)


def names() -> list[str]:
    """Return the names of the proposers that need only options, including those of installed packages, sorted."""
    return sorted({*_FROM_OPTIONS, *plugins.entries(plugins.PROPOSERS)})


def describe(name: str) -> Description:
    """Return the first line of a proposer's docstring, and its options with defaults, without those shared by all runs.

    Raises
    ------
    UsageError
        Unknown name, or a plug-in that cannot be imported.
    """
    cls = _class(_known(name))
    return plugins.describe(name, cls, _own_options(cls))


def _class(name: str) -> type:
    base = name.partition(":")[0]
    found: Any
    if base in NAMES:
        module = importlib.import_module(f"{__name__}.{base}")
        found = next(c for c in vars(module).values() if getattr(c, "__module__", "") == module.__name__ and hasattr(c, "propose"))
    else:
        found = plugins.load(name, plugins.PROPOSERS, "proposer")
    if not (isinstance(found, type) and hasattr(found, "propose")):
        raise UsageError(f"proposer {name!r} must be a class with the method propose, got {found!r:.60}")
    return found


def _own_options(cls: type) -> dict[str, Option]:
    shared = _RECORDED | _OF_THE_COMMAND if cls.__module__.startswith(f"{__name__}.") else frozenset[str]()
    return {name: option for name, option in options_of(cls).items() if name not in shared}


def adopt(given: Proposer | Callable[[Task], str], options: RunOptions) -> tuple[Proposer, RunOptions]:
    """Return a proposer given as an object, and the run options completed by what can be recorded about it.

    Parameters
    ----------
    given
        A proposer, or a function that answers a task with text that contains a program.

    Raises
    ------
    UsageError
        Neither of these, or a class instead of an object.
    """
    if isinstance(given, type) or not (hasattr(given, "propose") or callable(given)):
        raise UsageError(f"a proposer must be a name, an object with the method propose, or a function, got {given!r:.60}")
    if not hasattr(given, "propose"):
        from workbench.proposers.function import Function

        function = Function(given)
        return function, dataclasses.replace(options, proposer=f"<{function.label}>")
    proposer = cast(Proposer, given)
    if isinstance(proposer, Mixed):
        name = " + ".join(f"{part.name}*{part.weight:g}" for part in proposer.parts)
        return proposer, dataclasses.replace(options, proposer=name)
    package, _, name = type(proposer).__module__.rpartition(".")
    if package != __name__:
        return proposer, dataclasses.replace(options, proposer=f"<{plugins.spec(type(proposer))}>")
    made_with: dict[str, Any] = getattr(proposer, "options", {})
    kept: dict[str, Any] = {key: made_with[key] for key in _RECORDED & made_with.keys() if made_with[key] is not None}
    kept["proposer_options"] = {key: made_with[key] for key in _own_options(type(proposer)).keys() & made_with.keys()}
    if name == "litellm":
        kept["models"] = tuple(f"{model}={weight:g}" for model, weight in proposer.models)  # type: ignore[attr-defined]
    return proposer, dataclasses.replace(options, proposer=name, **kept)


def _known(name: str) -> str:
    base = name.partition(":")[0]
    if name.startswith("<"):
        raise UsageError(f"the proposer {name} was a Python object: pass it again, with workbench.resume(..., proposer=...)")
    if base not in ("auto", *NAMES) and (plugins.is_spec(name) or name in plugins.entries(plugins.PROPOSERS)):
        return name
    if base not in ("auto", *NAMES):
        near = difflib.get_close_matches(base, NAMES, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        available = (
            f"auto, agent:COMMAND, agents, builtin, litellm, {LOCAL}, replay:RUN, package.module:Class, "
            "or several: NAME*0.7 + NAME*0.3"
        )
        raise UsageError(f"unknown proposer {name!r}; {hint}available: {available}")
    return base


def _with_model(options: RunOptions) -> tuple[RunOptions, str]:
    if options.api_base:
        endpoint(options.api_base)
        listed = served(options.api_base, timeout=2.0)
        if not listed:
            raise UsageError(f"--api-base {options.api_base} lists no models (it usually ends in /v1); name one with --model")
        return dataclasses.replace(
            options, proposer="litellm", models=(listed[0],)
        ), f"{listed[0]}, the first model listed by {options.api_base}"
    choice = detect()
    if choice.name != "litellm":
        raise UsageError(
            "--proposer litellm: no API key is set, no local server answers, and there is no local model; name one with --model"
        )
    return dataclasses.replace(options, proposer="litellm", models=choice.models, api_base=choice.api_base), choice.why
