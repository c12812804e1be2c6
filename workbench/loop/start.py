"""Start, resume and replay runs: connect problem, proposer, strategy, workers and store to the loop."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench import engines, proposers, search
from workbench.analysis.front import preference
from workbench.engines.driven import Driven
from workbench.errors import ProblemFault, RunFailed, UsageError
from workbench.evaluation.executors import open_executor
from workbench.evaluation.jobs import Executor, Job
from workbench.evaluation.twice import first_look, refuse_different, refuse_redrawn
from workbench.formatting import dollars, tokens
from workbench.loop import evidence, tracking
from workbench.loop.attempt import Upcoming
from workbench.loop.check import CHECK, Check, keep
from workbench.loop.context import History, RunContext
from workbench.loop.driver import Loop
from workbench.loop.known import Known
from workbench.loop.nobody import Nobody
from workbench.loop.playbook import REFLECT
from workbench.loop.replay import recorded_replies
from workbench.loop.snapshot import Display
from workbench.loop.stress_gate import Gate
from workbench.loop.trust import absolute, options_to_resume, vouch
from workbench.model import Candidate, Program, Report, Split, Status
from workbench.options import PROCESSES, RunOptions
from workbench.problem import catalog
from workbench.problem.given import program_of
from workbench.program.source import fingerprint, split_block
from workbench.proposers import prompt
from workbench.protocols import Proposer, Strategy
from workbench.store import LIVE, AttemptSummary, Message, ModelCall, Outcome, Run, Store, injected, outcome


def begin(
    loaded: catalog.LoadedProblem,
    options: RunOptions,
    runs: Path,
    display: Display,
    *,
    proposer: Proposer | None = None,
    strategy: Strategy | None = None,
    named: Collection[str] = (),
    carried: Sequence[tuple[str, Program]] = (),
) -> Outcome:
    """Start a new run and drive it until it ends.

    Parameters
    ----------
    proposer, strategy
        Objects that replace those named in the options.
    named
        Options that the user gave in the current command, so that endpoints among them may get keys (see `proposers.make`).
    carried
        Further initial programs with their names; one that fails is recorded with its failure.

    Raises
    ------
    UsageError, ProblemFault, ModelError, SandboxError
        Before anything is spent.
    RunFailed
        After the run has started; it can be resumed.
    """
    strategy = strategy or _plan(options)
    options = absolute(engines.settled(options))
    tracking.require(options.track)
    loaded.references.scale(Split.TRAIN)
    loaded.references.scale(Split.VALIDATION)
    refuse_redrawn(loaded)
    preference(loaded, options.prefer)
    if options.evidence:
        evidence.require(loaded)
    own = starting_programs(loaded, options)
    seeds = [*own, *carried]
    known = Known()
    with Store(runs) as store:
        options = _as_gated(options, store)
        plan, proposer = _proposer(loaded, options, store, known, proposer, strategy, named)
        with contextlib.closing(proposer):
            display.line(_under_way(f"{loaded.slug}: evaluates {len(seeds)} initial programs", proposer, options))
            check = Check(proposer, options)
            with contextlib.closing(open_executor(loaded, options)) as pool:
                options = replace(options, workers=pool.workers)
                gate, adviser = _gates(loaded, pool, options, [p for _, p in own])
                reports = _score_seeds(loaded, seeds, len(own), pool, check)
                checks = check.finish(display)
                run = _name(loaded.slug)
                store.create_run(
                    run,
                    problem=loaded.slug,
                    folder=str(loaded.folder),
                    version=loaded.version,
                    options=options,
                    proposer=proposer.label,
                    isolation=pool.isolation,
                )
                vouch(loaded, store.folder, run, options, display)
                keep(store, run, checks)
                prints = {}
                for number, ((name, program), report) in enumerate(zip(seeds, reports, strict=True)):
                    seed = _seed(number, name, program, report)
                    prints[number] = fingerprint(program)
                    store.add_candidate(run, seed, report=report, fingerprint=prints[number])
                context = RunContext(run, loaded, options, store, pool, gate, adviser)
                history = History(store.candidates(run), prints)
                loop = Loop(context, proposer, strategy, display, known=known, history=history, plan=plan)
                gated = f", robustness filter with {len(gate.families)} instance classes" if gate else ""
                display.line(f"run {run}: {loaded.slug}, {proposer.label}, isolation {pool.isolation}{options.elsewhere}{gated}")
                for number, report in enumerate(reports):
                    loop.check_proofs(number, report)
                if gate and gate.weakness:
                    store.log(run, "note", gate.weakness)
                    display.line(gate.weakness)
                return _drive(loop)


def resume(
    run_name: str,
    runs: Path,
    display: Display,
    *,
    loaded: catalog.LoadedProblem | None = None,
    proposer: Proposer | str | None = None,
    strategy: Strategy | str | None = None,
    endpoint_key: bool = True,
    **changes: Any,
) -> Outcome:
    """Resume a run that was stopped or killed.

    Parameters
    ----------
    loaded, proposer, strategy
        Objects or names that replace the recorded ones.
    endpoint_key
        Whether an endpoint given here may get the key of the model's provider, and headers given here environment variables.
    **changes
        Options, named as in `RunOptions`; None: as recorded. A recorded endpoint gets only the key of its own provider.

    Raises
    ------
    UsageError
        The run is unknown or still running, or its problem has changed; or this user did not start it on this machine, and
        its models, endpoints or code have not been named in this command.
    """
    with Store(runs) as store:
        row = store.run(run_name)
        run = row.id
        if row.options.proposer.startswith("replay:"):
            raise UsageError(f"run {run} is a replay and cannot be resumed; replay it again instead")
        given = {name: value for name, value in changes.items() if value is not None}
        given |= {name: value for name, value in (("proposer", proposer), ("strategy", strategy)) if isinstance(value, str)}
        mind, plan = None if isinstance(proposer, str) else proposer, None if isinstance(strategy, str) else strategy
        options = options_to_resume(row, store.folder, given, own_proposer=mind is not None, own_strategy=plan is not None)
        tracking.require(options.track)
        if mind is None:
            options, _ = proposers.resolve(options)
        loaded = loaded or catalog.load_recorded(row.folder, row.problem)
        _refuse_changed(loaded, row)
        options = engines.settled(options)
        plan = plan or _plan(options)
        known = Known()
        _, mind = _proposer(loaded, options, store, known, mind, plan, given if endpoint_key else ())
        with contextlib.closing(mind):
            display.line(_under_way(f"run {run}: reads what is recorded", mind, options))
            check = Check(mind, options)
            with contextlib.closing(open_executor(loaded, options)) as pool:
                options = replace(options, workers=pool.workers)
                starts = [c.program for c in store.candidates(run) if c.operator == "seed" and c.program]
                gate, adviser = _gates(loaded, pool, options, starts)
                checks = check.finish(display)
                vouch(loaded, store.folder, run, options, display)
                store.claim(run, options, pool.isolation, mind.label)
                store.ask_again(run)
                keep(store, run, checks)
                attempts = store.attempts(run)
                recorded = {a.number for a in attempts}
                calls = [made for made in store.calls(run) if made.operator not in (CHECK, REFLECT)]
                answers = [made for made in calls if made.number not in recorded]
                prints = {a.number: a.fingerprint for a in attempts if a.fingerprint}
                turns = max(a.turn for a in attempts)
                history = History(store.candidates(run), prints, turns, row.active_seconds, answers, costs_of(attempts, calls))
                context = RunContext(run, loaded, options, store, pool, gate, adviser)
                loop = Loop(context, mind, plan, display, known=known, history=history)
                display.line(f"run {run} resumed: {len(recorded)} attempts recorded, {len(answers)} paid answers not yet evaluated")
                return _drive(loop)


def inject(
    run_name: str, runs: Path, display: Display, source: str, idea: str = "", *, loaded: catalog.LoadedProblem | None = None
) -> Message:
    """Add one program to a run that has ended: evaluate it as the run would have, on validation too if it is the best.

    No model is called, and budgets and state of the run stay as they are. The message's answer is the result.

    Raises
    ------
    UsageError
        The run is unknown, still running or a replay, or its problem has changed.
    """
    with Store(runs) as store:
        row = store.run(run_name)
        run, options = row.id, row.options
        if options.proposer.startswith("replay:"):
            raise UsageError(f"run {run} is a replay, which repeats recorded attempts only; use evolve eval")
        loaded = loaded or catalog.load_recorded(row.folder, row.problem)
        _refuse_changed(loaded, row)
        attempts = store.attempts(run)
        number = 1 + max(a.number for a in attempts)
        one_more = replace(
            options, candidates=number + 1 - sum(a.operator == "seed" for a in attempts), tune_trials=0, workers=1,
            executor=PROCESSES, executor_options={}, max_usd=None, max_tokens=None, max_seconds=None,
        )  # fmt: skip
        with contextlib.closing(open_executor(loaded, one_more)) as pool:
            starts = [c.program for c in store.candidates(run) if c.operator == "seed" and c.program]
            gate, _ = _gates(loaded, pool, options, starts)
            store.claim(run, options, pool.isolation)
            for old in store.messages(run):
                store.acknowledge(old.id, "came after the end of the run")
            message = store.send(run, "inject", injected(source, idea))
            prints = {a.number: a.fingerprint for a in attempts if a.fingerprint}
            history = History(store.candidates(run), prints, max(a.turn for a in attempts), row.active_seconds)
            context = RunContext(run, loaded, one_more, store, pool, gate)
            loop = Loop(context, Nobody(), search.make("greedy", {}), display, known=Known(), history=history, ends_early=False)
            try:
                _drive(loop)
            finally:
                store.end_run(run, "stopped" if row.status in LIVE else row.status, row.message, row.active_seconds)
        return next(m for m in store.messages(run, pending=False) if m.id == message)


def _gates(
    loaded: catalog.LoadedProblem, pool: Executor, options: RunOptions, starts: Sequence[Program]
) -> tuple[Gate | None, Gate | None]:
    """Return the robustness filter and the adviser of a run; the adviser is as strict as a certificate, whatever the start."""
    match options.gate:
        case "stress":
            return Gate(loaded, pool, options.seed, starts), None
        case "advice":
            return None, Gate(loaded, pool, options.seed)
    return None, None


def costs_of(attempts: Sequence[AttemptSummary], calls: Sequence[ModelCall]) -> dict[int, tuple[float, float]]:
    """Return dollars and seconds of recorded attempts, by number: of their calls and of their evaluation."""
    costs = {a.number: (0.0, a.seconds) for a in attempts}
    for made in calls:
        dollars_, seconds = costs.get(made.number, (0.0, 0.0))
        costs[made.number] = dollars_ + (made.call.cost_usd or 0.0), seconds + made.call.seconds
    return costs


def _refuse_changed(loaded: catalog.LoadedProblem, row: Run) -> None:
    if loaded.version != row.version:
        raise UsageError(
            f"{loaded.slug} has changed since run {row.id} (version {row.version}, now {loaded.version}), so scores are not "
            "comparable; start a new run, and use --from to start from its programs"
        )


def starting_programs(loaded: catalog.LoadedProblem, options: RunOptions) -> list[tuple[str, Program]]:
    """Return the initial programs of a run with their names: those requested, or the problem's seeds that suit the proposer.

    Proposers of small changes (AST mutation operators, weak models) start from programs that evolve only a part; programs
    that evolve as a whole are for models that are asked for whole programs.
    """
    problem = loaded.problem
    if options.seeds:
        return [(name, program_of(loaded, name)) for name in options.seeds]
    programs = [(name, loaded.program(name)) for name in problem.seeds]
    asked_whole = options.proposer == "litellm" and (options.style or prompt.style_for(_bare(options.models))) == "full"
    if asked_whole or options.proposer == "agents":
        return programs
    return [(name, p) for name, p in programs if not _evolves_whole(p)] or programs


def _bare(models: Sequence[str]) -> str:
    return models[0].rpartition("=")[0] or models[0] if models else ""


def _evolves_whole(program: Program) -> bool:
    block = split_block(program.source)
    marks = (f"def {program.entry}(", f"class {program.entry}")
    return block is None or any(mark in block.inside for mark in marks)


def _seed(number: int, name: str, program: Program, report: Report) -> Candidate:
    words = f"program {name}"
    if report.status is not Status.OK:
        return Candidate(number, report.status, program, "seed", message=f"{words}: {report.message}", idea=name)
    gaps = tuple(r.gap for r in report.results)
    return Candidate(number, Status.OK, program, "seed", (), None, report.gap, report.families, gaps, words)


def _under_way(what: str, proposer: Proposer, options: RunOptions) -> str:
    """What a start does, in one line."""
    asked = f", asks {proposer.label} whether it answers" if hasattr(proposer, "check") else ""
    return f"{what}{asked}, starts {options.evaluators}"


def _score_seeds(
    loaded: catalog.LoadedProblem, seeds: list[tuple[str, Program]], own: int, pool: Executor, check: Check
) -> list[Report]:
    if loaded.evaluator is not None:  # its scores may differ from one evaluation to the next
        return _own_valid(loaded, seeds[:own], check.reports([pool.submit(Job(program, Split.TRAIN)) for _, program in seeds]))
    program, ids = first_look(loaded)
    look = Job(program, Split.TRAIN, ids, fresh=True)
    first = check.reports([pool.submit(look)])  # alone: if the verifier hangs, it hangs in one worker
    second, *futures = [pool.submit(job) for job in (look, *(Job(program, Split.TRAIN) for _, program in seeds))]
    refuse_different(loaded, [*first, *check.reports([second])])
    return _own_valid(loaded, seeds[:own], check.reports(futures))


def _own_valid(loaded: catalog.LoadedProblem, own: Sequence[tuple[str, Program]], reports: list[Report]) -> list[Report]:
    """Return the reports if each of the problem's own initial programs, which come first, is valid."""
    for (name, _), report in zip(own, reports, strict=False):
        if report.status is not Status.OK:
            said = f"; it printed: {' '.join(report.printed.split())[-300:]}" if loaded.evaluator and report.printed.strip() else ""
            raise ProblemFault(f"{loaded.slug}: the initial program {name} fails ({report.status}): {report.message}{said}")
    return reports


def _plan(options: RunOptions) -> Strategy:
    if engines.is_engine(options.strategy):
        return Driven(options.strategy, options.strategy_options)
    return search.make(options.strategy, options.strategy_options)


def _proposer(
    loaded: catalog.LoadedProblem,
    options: RunOptions,
    store: Store,
    known: Known,
    given: Proposer | None,
    strategy: Strategy,
    named: Collection[str],
) -> tuple[list[Upcoming] | None, Proposer]:
    if options.proposer.startswith("replay:"):
        source = store.run(options.proposer.partition(":")[2])
        if source.version != loaded.version or source.problem != loaded.slug:
            raise UsageError(f"run {source.id} was made with {source.problem} version {source.version}, not {loaded.version}")
        plan, lookup = recorded_replies(store, source.id, options.candidates)
    else:
        plan, lookup = None, None
    proposer = given or proposers.make(options, lookup, named=named)
    if isinstance(strategy, Driven):
        proposer = strategy.over(proposer, options.seed, tuple(one.family for one in loaded.instances(Split.TRAIN)))
    proposer.begin(loaded.told if proposer.uses_model else loaded.brief, known)
    return plan, proposer


def _as_gated(options: RunOptions, store: Store) -> RunOptions:
    """Give a replay the robustness filter and random seed of the run it repeats."""
    if not options.proposer.startswith("replay:"):
        return options
    source = store.run(options.proposer.partition(":")[2])
    options = replace(options, proposer=f"replay:{source.id}")  # `latest` will soon be another run
    return replace(options, gate="stress", seed=source.options.seed) if source.options.gate == "stress" else options


def _drive(loop: Loop) -> Outcome:
    with tracking.tracked(loop.context, loop.display):
        return _driven(loop)


def _driven(loop: Loop) -> Outcome:
    store, run = loop.context.store, loop.context.run
    status, message = "failed", "ended by an unexpected error"
    try:
        with _signals(loop):
            loop.drive()
        status, message = loop.steering.status, loop.steering.halt
        if status == "failed":
            raise RunFailed(f"run {run}: {message}. {_spent(loop)}Resume it with: evolve resume {run}")
    except RunFailed:
        raise
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        raise RunFailed(f"run {run} failed: {error}. Resume it with: evolve resume {run}") from error
    finally:
        with contextlib.suppress(Exception):  # a full disk must not hide the original error
            store.end_run(run, status, message, loop.budget.seconds)
    return outcome(store, run)


def _spent(loop: Loop) -> str:
    """What the calls of a failed run have cost, as a sentence; empty without calls."""
    budget = loop.budget
    if not budget.calls:
        return ""
    cost = dollars(budget.cost_usd) if budget.cost_usd is not None else f"at least {dollars(budget.dollars)}"
    return f"Spent: {cost}, {tokens(budget.tokens, budget.estimated)} tokens. "


@contextlib.contextmanager
def _signals(loop: Loop) -> Iterator[None]:
    """On the first Ctrl-C or SIGTERM, finish attempts in progress; on the second, exit at once. What is recorded is kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        if loop.steering.halt:
            os._exit(130)
        loop.halt("stopped by Ctrl-C" if number == signal.SIGINT else "stopped by SIGTERM")
        loop.display.line("stopping after the candidates in progress (press Ctrl-C again to stop immediately)")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _name(slug: str) -> str:
    return f"{slug.partition('/')[2].replace('@', '-')}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
