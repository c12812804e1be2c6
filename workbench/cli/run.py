"""The commands run, resume and demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from workbench.api import running as api
from workbench.api.result import Result
from workbench.cli import configured, model_options
from workbench.cli.common import DEFAULT_RUNS, Isolation, Json, OwnProblem, Prefer, Runs, Unsafe, emit
from workbench.cli.console import console
from workbench.cli.show import baseline_lines
from workbench.errors import UsageError
from workbench.formatting import dollars, measure_of
from workbench.loop.display import Progress
from workbench.options import PROCESSES
from workbench.plugins import ENGINE
from workbench.problem import catalog

DEMO_PROBLEM, DEMO_CANDIDATES, DEMO_SECONDS = "scheduling/total_tardiness", 150, 150.0


Evidence: TypeAlias = Annotated[
    bool, typer.Option("--evidence", help="Tell models where better solutions of train instances differ, where a problem can.")
]
Gate: TypeAlias = Annotated[
    str,
    typer.Option(
        help="Fresh out-of-distribution instances: stress: improving candidates must pass; advice: models hear of weaknesses."
    ),
]
Lessons: TypeAlias = Annotated[
    Path | None, typer.Option(help="File of lessons that prompts show; the run adds to it, and the next begins with it.")
]
RayAddress: TypeAlias = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="Ray cluster, or auto: this machine's. Default: start one here.")
]
Track: TypeAlias = Annotated[
    str | None, typer.Option(metavar="mlflow[:URI]", help="Tell an experiment tracker of the run; see docs/tracking.md.")
]
Portfolio: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAMES", help="Strategies that share the budget: islands,greedy or all.")
]
Race: TypeAlias = Annotated[
    bool, typer.Option("--race/--no-race", help="Stop evaluations of programs that are clearly worse than their parent.")
]
Engine: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Another project's controller in place of a strategy: openevolve, gepa; see below."),
]


def run(
    ctx: typer.Context,
    problem: Annotated[str, typer.Argument(help="Problem ID, unambiguous suffix, or folder.")],
    proposer: Annotated[str, typer.Option(help="What writes candidates, or several: NAME*0.7 + NAME*0.3; see below.")] = "auto",
    model: model_options.Models = None,
    api_base: model_options.Endpoint = None,
    endpoint_key: model_options.EndpointKey = True,
    candidates: Annotated[int, typer.Option("--candidates", "-n", help="Number of attempts, including failed ones.")] = 200,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    proposer_opt: Annotated[list[str] | None, typer.Option(help="Proposer option, NAME=VALUE; repeatable.")] = None,
    strategy: Annotated[str, typer.Option(help="How the search selects parents; see below.")] = "islands",
    portfolio: Portfolio = None,
    engine: Engine = None,
    opt: Annotated[list[str] | None, typer.Option(help="Option of the strategy or engine, NAME=VALUE; repeatable.")] = None,
    start_from: Annotated[list[str] | None, typer.Option("--from", help="Initial program, by name or file; repeatable.")] = None,
    style: model_options.Style = None,
    temperature: model_options.Temperature = None,
    answer_tokens: model_options.AnswerTokens = None,
    reasoning_effort: model_options.Effort = None,
    fallback: model_options.Fallbacks = None,
    header: model_options.Headers = None,
    extra_body: model_options.ExtraBody = None,
    price: model_options.Prices = None,
    workers: Annotated[
        int | None, typer.Option(help="Evaluation processes; default: one per core, or free CPU of a cluster.")
    ] = None,
    executor: Annotated[str, typer.Option(help="Where evaluations run: processes (here), ray (a cluster).")] = PROCESSES,
    ray_address: RayAddress = None,
    concurrency: Annotated[int, typer.Option(help="Concurrent model calls.")] = 4,
    timeout: model_options.Timeout = 180.0,
    max_usd: model_options.MaxUsd = None,
    max_tokens: model_options.MaxTokens = None,
    max_minutes: model_options.MaxMinutes = None,
    tune_trials: Annotated[int, typer.Option(help="Optuna trials for a new best program that declares TUNABLE; 0: none.")] = 24,
    patience: Annotated[int | None, typer.Option(help="End after this many attempts without improvement on train.")] = None,
    prefer: Prefer = "gap",
    evidence: Evidence = False,
    playbook: Lessons = None,
    race: Race = True,
    gate: Gate = "",
    track: Track = None,
    config: configured.Config = None,
    runs: Runs = DEFAULT_RUNS,
    allow_unsafe: Unsafe = False,
    isolation: Isolation = None,
    as_json: Json = False,
) -> None:
    """Evolve a heuristic for a problem.

    [bold]Examples[/bold]

      evolve run total_tardiness --proposer builtin -n 500
      evolve run spot_deadline --model gpt-5-mini --max-usd 2
      evolve run total_tardiness --model qwen2.5-coder --api-base http://127.0.0.1:8080/v1
      evolve run ./my_problem --strategy greedy --from my_start.py
      evolve run ./my_problem --portfolio islands,greedy
      evolve run spot_deadline --engine openevolve --model gpt-5-mini --max-usd 2
    """
    with Progress(console(as_json)).running() as display:
        if said := configured.line(ctx):
            display.line(said)
        strategy, strategy_options = _strategy(strategy, opt, portfolio, engine)
        options = model_options.given(
            model=model, api_base=api_base, fallback=fallback, header=header, extra_body=extra_body, price=price, style=style,
            temperature=temperature, answer_tokens=answer_tokens, reasoning_effort=reasoning_effort, concurrency=concurrency,
            timeout=timeout, max_tokens=max_tokens, max_seconds=model_options.seconds(max_minutes),
        )  # fmt: skip
        result = api.run(
            problem, proposer=proposer, strategy=strategy, attempts=candidates, seed=seed, start_from=tuple(start_from or ()),
            workers=workers, max_usd=max_usd, runs=runs, display=display, **options,
            endpoint_key=endpoint_key and configured.endpoints_are_named(ctx),
            proposer_options=model_options.pairs("--proposer-opt", proposer_opt),
            strategy_options=strategy_options, tune_trials=tune_trials, gate=gate, race=race,
            patience=patience, prefer=prefer, evidence=evidence, playbook=str(playbook.absolute()) if playbook else None,
            track=track, allow_unsafe=allow_unsafe, isolation=isolation, **_executor(executor, ray_address),
        )  # fmt: skip
    _report(result, as_json)


def _executor(name: str | None, ray_address: str | None) -> dict[str, Any]:
    """Return the options of a run that say where evaluations run."""
    if ray_address is not None and name not in ("ray", None):
        raise UsageError(f"--ray-address is for --executor ray, not {name}")
    address = {} if ray_address is None else {"executor_options": {"address": ray_address}}
    return address if name is None else {"executor": name, **address}


def _strategy(name: str, options: list[str] | None, portfolio: str | None, engine: str | None) -> tuple[str, dict[str, str]]:
    """Return name and options of the strategy or engine that was asked for."""
    if engine is not None:
        if name != "islands" or portfolio is not None:
            raise UsageError("--engine is in place of a strategy: omit --strategy and --portfolio")
        return ENGINE + engine.removeprefix(ENGINE), model_options.pairs("--opt", options)
    if portfolio is None:
        return name, model_options.pairs("--opt", options)
    if name not in ("islands", "portfolio") or options:
        raise UsageError("--portfolio is a strategy with its options: omit --strategy and --opt")
    return "portfolio", {"members": portfolio}


def resume_(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Run ID, unambiguous part of one, or latest.")],
    candidates: Annotated[int | None, typer.Option("--candidates", "-n", help="New total number of attempts.")] = None,
    max_usd: model_options.MaxUsd = None,
    max_tokens: model_options.MaxTokens = None,
    max_minutes: model_options.MaxMinutes = None,
    workers: Annotated[int | None, typer.Option(help="Evaluation processes (default: as before).")] = None,
    executor: Annotated[str | None, typer.Option(help="Where evaluations run, as for run.")] = None,
    ray_address: RayAddress = None,
    model: model_options.Models = None,
    api_base: model_options.Endpoint = None,
    endpoint_key: model_options.EndpointKey = True,
    fallback: model_options.Fallbacks = None,
    style: model_options.Style = None,
    temperature: model_options.Temperature = None,
    answer_tokens: model_options.AnswerTokens = None,
    reasoning_effort: model_options.Effort = None,
    header: model_options.Headers = None,
    extra_body: model_options.ExtraBody = None,
    price: model_options.Prices = None,
    timeout: Annotated[float | None, typer.Option(help="Timeout of a model call in seconds.")] = None,
    problem: OwnProblem = None,
    proposer: Annotated[str | None, typer.Option(help="Another proposer, as for run.")] = None,
    proposer_opt: Annotated[list[str] | None, typer.Option(help="Proposer option, NAME=VALUE; repeatable.")] = None,
    strategy: Annotated[str | None, typer.Option(help="Another strategy, as for run.")] = None,
    opt: Annotated[list[str] | None, typer.Option(help="Strategy option, NAME=VALUE; repeatable.")] = None,
    track: Track = None,
    runs: Runs = DEFAULT_RUNS,
    allow_unsafe: Unsafe = False,
    isolation: Isolation = None,
    as_json: Json = False,
) -> None:
    """Resume an interrupted run; paid calls are not repeated. What is not given here stays as it was.

    An endpoint that needs a key, and headers that hold one, are given again. If you did not start the run on this machine, its
    record is not trusted: models, endpoint, classes of its own and the problem's folder must be given again too.

    [bold]Examples[/bold]

      evolve resume latest
      evolve resume latest --model openai/gpt-5-mini --api-base '' --max-usd 3
      evolve resume total_tardiness-20260101-120000-ab12 -n 1000
    """
    options = model_options.given(
        model=model, api_base=api_base, fallback=fallback, header=header, extra_body=extra_body, price=price, style=style,
        temperature=temperature, answer_tokens=answer_tokens, reasoning_effort=reasoning_effort, timeout=timeout,
        max_usd=max_usd, max_tokens=max_tokens, max_seconds=model_options.seconds(max_minutes),
    )  # fmt: skip
    with Progress(console(as_json)).running() as display:
        result = api.resume(
            name, attempts=candidates, workers=workers, runs=runs, display=display, problem=problem, proposer=proposer,
            strategy=strategy, endpoint_key=endpoint_key, track=track, **options,
            proposer_options=model_options.pairs("--proposer-opt", proposer_opt) or None,
            strategy_options=model_options.pairs("--opt", opt) or None, allow_unsafe=allow_unsafe or None, isolation=isolation,
            **_executor(executor, ray_address),
        )  # fmt: skip
    _report(result, as_json)


def demo(runs: Runs = DEFAULT_RUNS, as_json: Json = False) -> None:
    """Evolve a scheduling rule in about a minute; needs no API key, network or model."""
    words = console(as_json)
    loaded = catalog.load(DEMO_PROBLEM)
    words.print(loaded.problem.title, style="bold")
    words.print(
        f"{loaded.problem.question}\nAST mutation operators (no model) improve a naive rule; every candidate runs in a sandbox "
        "and is compared with the proven optimum.\n"
    )
    with Progress(words).running() as display:
        result = api.run(loaded, proposer="builtin", attempts=DEMO_CANDIDATES, max_seconds=DEMO_SECONDS, runs=runs, display=display)
    _report(result, as_json)
    if not as_json:
        where = "" if runs == DEFAULT_RUNS else f" --runs {runs}"
        words.print("\nNext steps", style="bold")
        words.print(
            f"  dashboard       evolve ui{where}\n"
            f"  export it       evolve export {result.name}{where} --out my_rule.py && python my_rule.py\n"
            f"  certify it      evolve certify {result.name}{where}\n"
            "  use a model     export OPENAI_API_KEY=...; evolve run total_tardiness --model gpt-5-mini --max-usd 1\n"
            "  a local model   evolve run total_tardiness --model qwen2.5-coder --api-base http://127.0.0.1:8080/v1\n"
            "  other problems  evolve problems"
        )


def _report(result: Result, as_json: bool) -> None:
    words, found = console(as_json), result.outcome
    state = found.status + (f" ({found.message})" if found.message else "")
    cost = dollars(found.cost_usd, model=found.uses_model)
    words.print(
        f"run {found.run} {state}: {found.attempts} attempts, {found.valid} valid, {found.seconds:.0f} s, "
        f"{cost}, isolation {found.isolation}"
    )
    if best := found.best:
        shown = measure_of(found.problem)
        results = f"train {shown.word} {shown.value(best.train)}, validation {shown.word} {shown.value(best.validation)}"
        words.print(f"best on validation: candidate {best.number}, {results}")
        for line in baseline_lines(result.problem, best.validation) if result.problem.problem.baselines else ():
            words.print(line)
        if shown.note:
            adopting = f"evolve adopt {result.problem.folder} DOMAIN/NAME makes a problem of it"
            words.print(f"{shown.note}: the task's own evaluator gave them; {adopting}")
    if as_json:
        emit(found.to_json())
