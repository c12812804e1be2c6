"""Start a run, resume one, or open a recorded one."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench import engines, plugins, proposers, search
from workbench.api.loading import AnyProblem, load, problem_of, runs_folder
from workbench.api.result import Result
from workbench.api.showing import displayed
from workbench.engines.driven import Driven
from workbench.errors import UsageError
from workbench.loop import start
from workbench.loop.onward import onward
from workbench.loop.snapshot import Display
from workbench.model import Task
from workbench.options import PROCESSES, RunOptions
from workbench.problem.catalog import LoadedProblem
from workbench.protocols import Proposer, Strategy
from workbench.store import Outcome, Store
from workbench.system.process import cores

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
    """Search for a better heuristic until a budget is used up.

    Parameters
    ----------
    problem
        As for `load`.
    proposer
        A proposer, a function from a `Task` to text (a program, or edits of the parent), or a name: `auto` (a model if one
        is configured, otherwise the AST mutation operators), `litellm`, `builtin`, `replay:RUN`, `package.module:Class`.
    strategy
        A strategy, its name (`islands`, `greedy`, `best_of_n`, `openevolve`, `portfolio`, `package.module:Class`, ...), or
        `engine:NAME`: another project's controller (`openevolve`, `gepa`, `package.module:Class`).
    attempts
        Number of attempts, including failed ones; initial programs are not counted.
    seed
        Random seed. The same seed gives the same run if the proposer is `ordered`, such as the AST mutation operators.
    start_from
        Initial programs: names of the problem's programs, or files; by default the problem's seeds.
    workers
        Evaluation processes; by default one per core, on a cluster one for each CPU that is free.
    max_usd
        Budget for model calls in US dollars.
    runs
        The runs folder; by default `$EVOLVE_RUNS`, otherwise `runs`.
    display
        Whether to show progress (a bar in a notebook, a table in a terminal); or a display object of your own.
    endpoint_key
        Whether `api_base` gets the provider's key though it is not the provider's host, and headers may hold environment variables.
    **options
        Any other field of `RunOptions`: `models`, `api_base`, `executor`, `max_seconds`, `max_tokens`, `tune_trials`, ...

    Returns
    -------
    Result
        The run, whose best candidate is `result.best`; if the search went on at a harder tier of the problem, the run there.

    Raises
    ------
    UsageError, ModelError, SandboxError
        Before the first attempt.
    RunFailed
        The run ended early; recorded attempts are kept, and `resume` continues it.
    """
    _refuse_unknown("run", options)
    loaded = load(problem)
    given: dict[str, Any] = {"seeds": tuple(start_from)} | {name: value for name, value in options.items() if value is not None}
    made = RunOptions(
        candidates=attempts, seed=seed, max_usd=max_usd,
        workers=_workers(loaded, given.get("executor", PROCESSES)) if workers is None else workers, **given,
    )  # fmt: skip
    chosen = _chosen(strategy, made.strategy_options)
    made = dataclasses.replace(made, strategy=chosen.name, strategy_options=dict(chosen.options))
    mind, folder = None, runs_folder(runs)
    with displayed(display) as shown:
        if isinstance(proposer, str):
            made, why = proposers.resolve(dataclasses.replace(made, proposer=proposer))
            if why:
                shown.line(f"proposer: {why}")
        else:
            mind, made = proposers.adopt(proposer, made)
        named = given if endpoint_key else ()
        outcome = start.begin(loaded, made, folder, shown, proposer=mind, strategy=chosen.strategy, named=named)
        if mind is None or callable(proposer):
            loaded, outcome = _further(loaded, made, outcome, folder, shown, proposer, strategy, named)
    return Result(outcome.run, folder, loaded)


def _workers(loaded: LoadedProblem, executor: str) -> int:
    """How many workers a run has if none are asked for; 0: the executor decides."""
    if loaded.in_memory or executor == "inline":
        return 1
    return cores() if executor == PROCESSES else 0


def _chosen(strategy: AnyStrategy, options: Mapping[str, Any]) -> search.Chosen:
    if engines.is_engine(strategy):
        name = plugins.absolute(strategy)
        return search.Chosen(Driven(name, options), name, dict(options))
    return search.choose(strategy, options)


def _further(
    loaded: LoadedProblem,
    made: RunOptions,
    outcome: Outcome,
    folder: Path,
    shown: Display,
    proposer: AnyProposer,
    strategy: AnyStrategy,
    named: Collection[str],
) -> tuple[LoadedProblem, Outcome]:
    """Go on at harder tiers while runs end because they have solved theirs; return the last problem and outcome."""
    while more := onward(loaded, made, folder, outcome):
        loaded, made = more.loaded, more.options
        mind = None if isinstance(proposer, str) else proposers.adopt(proposer, made)[0]
        again = _chosen(strategy, made.strategy_options if isinstance(strategy, str) else {}).strategy
        shown.line(f"{outcome.message}; the search goes on there")
        outcome = start.begin(loaded, made, folder, shown, proposer=mind, strategy=again, named=named, carried=[more.carried])
    return loaded, outcome


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
    endpoint_key: bool = True,
    **options: Any,
) -> Result:
    """Resume an interrupted run; paid calls are not repeated.

    Parameters
    ----------
    name
        ID of the run, an unambiguous part of it, or `latest`.
    attempts, max_usd, max_tokens, max_seconds, workers
        New totals of the budgets; by default as before.
    api_base
        The endpoint, if it has moved or needs a key: a recorded one gets only the key of its own provider. An empty text: none.
    problem, proposer, strategy
        Needed if the run was started with objects, which are not recorded, or by another user or on another machine: folders,
        models, endpoints and code in such a record are not used.
    endpoint_key
        As for `run`.
    **options
        Further options to change, as for `run`: `models`, `proposer_options`, `strategy_options`, `allow_unsafe`, ...

    Raises
    ------
    UsageError
        The run is unknown or still running, its problem has changed, or options of an untrusted record have to be given again.
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
            api_base=api_base, endpoint_key=endpoint_key, **options,
        )  # fmt: skip
    return open_run(outcome.run, runs=folder, problem=loaded)


def open_run(name: str = "latest", *, runs: Path | str | None = None, problem: AnyProblem | None = None) -> Result:
    """Open a recorded run, whether it has ended or not.

    Raises
    ------
    UsageError
        No run or several runs match.
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
