"""Run a search, resume a run, open one that is recorded."""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench import proposers, search
from workbench.api.loading import AnyProblem, load, problem_of, runs_folder
from workbench.api.result import Result
from workbench.api.showing import displayed
from workbench.errors import UsageError
from workbench.loop import start
from workbench.loop.snapshot import Display
from workbench.model import Task
from workbench.options import RunOptions
from workbench.protocols import Proposer, Strategy
from workbench.store import Store

AnyProposer = str | Proposer | Callable[[Task], str]
AnyStrategy = str | Strategy

_NAMED = {"proposer", "strategy", "candidates"}
_FIELDS = {field.name for field in dataclasses.fields(RunOptions)} - _NAMED


def run(
    problem: AnyProblem,
    *,
    proposer: AnyProposer = "auto",
    strategy: AnyStrategy = "islands",
    attempts: int = 200,
    seed: int = 0,
    start_from: Sequence[str] = (),
    workers: int | None = None,
    max_usd: float | None = None,
    runs: Path | str | None = None,
    display: Display | bool = True,
    endpoint_key: bool = True,
    **options: Any,
) -> Result:
    """Search for a better heuristic, until a budget is used up.

    Parameters
    ----------
    problem
        As for `load`.
    proposer
        A proposer, a function from a `Task` to text (a program, or edits of the parent's), or a name: `auto` (a model where
        one is configured, else the AST mutation operators), `litellm`, `builtin`, `replay:RUN`, `package.module:Class`.
    strategy
        A strategy, or a name: `islands`, `greedy`, `best_of_n`, `openevolve`, `package.module:Class`.
    attempts
        How many candidates to try; failed ones count, initial programs do not.
    seed
        Random seed. Proposers that keep an order (no model) give the same run for the same seed.
    start_from
        Initial programs: names of the problem's own, or files; by default the problem's seeds.
    workers
        Evaluation processes; by default one per core.
    max_usd
        Dollars to spend on model calls at most.
    runs
        The runs folder; by default `$EVOLVE_RUNS`, else `runs`.
    display
        Progress: True shows it (a bar in a notebook, a table in a terminal), False does not; or an object of your own.
    endpoint_key
        Whether `api_base` may get the key of the model's provider although it is neither a host of it nor set in the environment.
    **options
        Any other field of `RunOptions` by its name: `models`, `api_base`, `max_seconds`, `max_tokens`, `tune_trials`, ...

    Returns
    -------
    Result
        The run, whose best candidate is `result.best`.

    Raises
    ------
    UsageError, ModelError, SandboxError
        Before any candidate was tried.
    RunFailed
        The run ended early; what it has recorded is kept, and `resume` continues it.
    """
    _refuse_unknown("run", options)
    loaded = load(problem)
    given: dict[str, Any] = {"seeds": tuple(start_from)} | {name: value for name, value in options.items() if value is not None}
    made = RunOptions(
        candidates=attempts, seed=seed, max_usd=max_usd,
        workers=workers if workers is not None else 1 if loaded.in_memory else cores(), **given,
    )  # fmt: skip
    chosen = search.choose(strategy, made.strategy_options)
    made = dataclasses.replace(made, strategy=chosen.name, strategy_options=dict(chosen.options))
    folder = runs_folder(runs)
    with displayed(display) as shown:
        if isinstance(proposer, str):
            mind = None
            made, why = proposers.resolve(dataclasses.replace(made, proposer=proposer))
            if why:
                shown.line(f"proposer: {why}")
        else:
            mind, made = proposers.adopt(proposer, made)
        named = endpoint_key and "api_base" in given
        outcome = start.begin(loaded, made, folder, shown, proposer=mind, strategy=chosen.strategy, endpoint_named=named)
    return Result(outcome.run, folder, loaded)


def resume(
    name: str = "latest",
    *,
    attempts: int | None = None,
    max_usd: float | None = None,
    max_tokens: int | None = None,
    max_seconds: float | None = None,
    workers: int | None = None,
    api_base: str | None = None,
    problem: AnyProblem | None = None,
    proposer: AnyProposer | None = None,
    strategy: AnyStrategy | None = None,
    runs: Path | str | None = None,
    display: Display | bool = True,
    **options: Any,
) -> Result:
    """Resume an interrupted run; calls that were paid for are not repeated.

    Parameters
    ----------
    name
        The run's ID, an unambiguous part of it, or `latest`.
    attempts, max_usd, max_tokens, max_seconds, workers
        New budgets, in all and not in addition; by default as they were.
    api_base
        The endpoint, where it has moved, or where it needs a key: a recorded one gets none but that of its own provider.
    problem, proposer, strategy
        Needed where the run was started with objects, which its record cannot bring back, or by somebody else or on another
        machine: then nothing in its record names a folder, a model, an endpoint or code that is used.
    **options
        Further options to change, as for `run`: `models`, `proposer_options`, `strategy_options`, `allow_unsafe`, ...

    Raises
    ------
    UsageError
        No such run, it is still running, its problem has changed since, or its record names what nobody has named here.
    """
    _refuse_unknown("resume", options)
    folder = runs_folder(runs)
    with Store(folder, write=False) as store:
        found = store.run(name)
    loaded = None if problem is None else problem_of(found, problem)
    mind = proposer if isinstance(proposer, str | None) else proposers.adopt(proposer, RunOptions())[0]
    plan = strategy if isinstance(strategy, str | None) else search.choose(strategy).strategy
    with displayed(display) as shown:
        outcome = start.resume(
            found.id, folder, shown, loaded=loaded, proposer=mind, strategy=plan,
            candidates=attempts, max_usd=max_usd, max_tokens=max_tokens, max_seconds=max_seconds, workers=workers,
            api_base=api_base, **options,
        )  # fmt: skip
    return open_run(outcome.run, runs=folder, problem=loaded)


def open_run(name: str = "latest", *, runs: Path | str | None = None, problem: AnyProblem | None = None) -> Result:
    """A recorded run, whether it has ended or not.

    Raises
    ------
    UsageError
        No such run, or several that fit.
    """
    folder = runs_folder(runs)
    with Store(folder, write=False) as store:
        found = store.run(name)
    loaded = problem_of(found, problem)
    return Result(found.id, folder, loaded)


def _refuse_unknown(function: str, options: Mapping[str, Any]) -> None:
    if unknown := sorted(set(options) - _FIELDS):
        near = difflib.get_close_matches(unknown[0], _FIELDS, n=1)
        raise UsageError(f"{function}() has no option {unknown[0]!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
