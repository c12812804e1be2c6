"""Options of a resumed run: as recorded if this user gave them on this machine, otherwise those of the current command."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench import engines, plugins, search
from workbench.errors import StoreError, UsageError
from workbench.loop.snapshot import Display
from workbench.options import PROCESSES, RunOptions
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.state import vouching
from workbench.store import Run

_BUDGETS = ("candidates", "max_usd", "max_tokens", "max_seconds")
_HARMLESS = "builtin"
"""The proposer that runs only code of this project and calls no endpoint."""
_NOBODY: Mapping[str, Any] = MappingProxyType(
    {"models": (), "fallbacks": (), "api_base": None, "headers": (), "extra_body": {}, "prices": (), "proposer_options": {}}
)
"""Options that say who is called, with what, at which price: they go together."""


def options_to_resume(
    row: Run, runs: Path, given: Mapping[str, Any], *, own_proposer: bool = False, own_strategy: bool = False
) -> RunOptions:
    """Return the options of a resumed run.

    A runs folder may come from anyone, and its options name code to import, endpoints to call and whether programs run
    without a sandbox. They are used as recorded only if this user gave them to this run on this machine.

    Parameters
    ----------
    given
        Options of the current command, named as in `RunOptions`.
    own_proposer, own_strategy
        Whether an object replaces the recorded proposer or strategy.

    Raises
    ------
    UsageError
        Recorded options have to be given again; the message lists them as command-line flags.
    """
    recorded = row.resumable_options()
    trusted = vouching.knows_run(runs, row.id, row.settings())
    options = recorded
    missing: list[str] = []
    if not trusted:  # full isolation where the kernel has it, unless the current command says otherwise
        workers = max(1, min(recorded.workers, os.cpu_count() or 1))
        options = replace(
            recorded,
            playbook=None,
            track=None,
            allow_unsafe=False,
            isolation=None,
            workers=workers,
            executor=PROCESSES,
            executor_options={},
        )
    if "proposer" in given or (not trusted and "models" in given):
        options = replace(options, proposer="auto", **_NOBODY)
    elif "models" in given and options.proposer == _HARMLESS:
        options = replace(options, proposer="auto")
    elif not trusted and not own_proposer and not _is_known(recorded.proposer, [_HARMLESS]):
        missing += _proposing(recorded)
    used = search.uses(recorded.strategy, recorded.strategy_options)
    if "executor" in given:
        options = replace(options, executor_options={})
    if "strategy" in given:
        options = replace(options, strategy_options={})
    elif not trusted and not own_strategy and not all(_is_known(name, [*search.built_in(), *engines.built_in()]) for name in used):
        missing += [*_flags("--strategy", [recorded.strategy]), *_pairs("--opt", recorded.strategy_options)]
    proposes = given.get("proposer", "auto" if "models" in given else recorded.proposer)
    if not trusted and not own_proposer and not _is_known(proposes, [_HARMLESS]) and not any(name in given for name in _BUDGETS):
        missing += [*_flags("-n", [recorded.candidates]), *_flags("--max-usd", [recorded.max_usd])]
    if missing:
        raise UsageError(
            f"run {row.id} was not started from here, so what its record says of models, endpoints and code is not used; "
            f"if you trust it, repeat: evolve resume {row.id} {shlex.join(missing)}"
        )
    options = replace(options, **{**given, "api_base": given.get("api_base", options.api_base) or None})
    return absolute(options)


def absolute(options: RunOptions) -> RunOptions:
    """Return options in which code of the user's own is named by whole paths, so that they mean the same everywhere."""
    strategy, proposer, executor = map(plugins.absolute, (options.strategy, options.proposer, options.executor))
    return replace(options, strategy=strategy, proposer=proposer, executor=executor)


def vouch(loaded: LoadedProblem, runs: Path, run: str, options: RunOptions, display: Display) -> None:
    """Remember that this user gave a run its problem and options, so that they need not be repeated to resume it."""
    catalog.vouch(loaded)
    try:
        vouching.vouch_for_run(runs, run, options.to_json())
    except StoreError as error:
        display.line(f"note: to resume this run, its options have to be repeated, for {error}")


def _is_known(name: str, harmless: Sequence[str]) -> bool:
    return name in harmless or name.startswith("<")  # an object: its name cannot be imported


def _proposing(recorded: RunOptions) -> list[str]:
    name = [] if recorded.proposer == "litellm" and recorded.models else [recorded.proposer]
    return [
        *_flags("--proposer", name), *_flags("--model", recorded.models), *_flags("--api-base", [recorded.api_base]),
        *_flags("--fallback", recorded.fallbacks), *_flags("--header", recorded.headers), *_flags("--price", recorded.prices),
        *_flags("--extra-body", [json.dumps(recorded.extra_body)] if recorded.extra_body else []),
        *_pairs("--proposer-opt", recorded.proposer_options),
    ]  # fmt: skip


def _flags(flag: str, values: Sequence[Any]) -> list[str]:
    return [word for value in values if value is not None for word in (flag, str(value))]


def _pairs(flag: str, options: Mapping[str, Any]) -> list[str]:
    return _flags(flag, [f"{name}={value}" for name, value in options.items()])
