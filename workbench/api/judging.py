"""Evaluate and certify programs."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.analysis import finders, front
from workbench.api.loading import AnyProblem, load, problem_of, runs_folder
from workbench.certificate import UNKNOWN, Finder, Opening, Seal
from workbench.errors import StoreError, UsageError
from workbench.evaluation.evaluate import evaluate as score
from workbench.evaluation.opening import open_for
from workbench.evaluation.pool import Pool
from workbench.evaluation.twice import look_twice
from workbench.model import InstanceResult, Program, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.given import program_of
from workbench.program.source import identity
from workbench.sandbox import open_sandbox
from workbench.state import usage
from workbench.store import FILE, Attempt, Judged, Ledger, Reader, Run
from workbench.system.process import cores

if TYPE_CHECKING:
    from workbench.certificate import Certificate

SEEN_STRESS = (
    "its run used the robustness filter or its advice, so the search has seen fresh instances of the same classes, but not these"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A program with its problem and where it comes from.

    Attributes
    ----------
    name
        `run:number` of an attempt, else the file's name.
    run, number
        The attempt; None for a file or a source text.
    lineage
        The attempts that led to it along main parents, initial program first.
    finder
        Who or what found it.
    starts
        The initial programs of its run, or of the problem, with their names.
    seen
        What its run has seen of the robustness tests; empty: nothing.
    note
        A note to show first, such as that the problem has changed since the run; empty if there is none.
    record
        SHA-256 of the attempt as the runs folder keeps it, or of the file or text.
    """

    loaded: LoadedProblem
    program: Program
    name: str
    run: str | None = None
    number: int | None = None
    lineage: tuple[Attempt, ...] = ()
    finder: Finder = UNKNOWN
    starts: tuple[finders.Start, ...] = ()
    seen: str = ""
    note: str = ""
    record: str = ""


def evaluate(
    problem: AnyProblem,
    program: Program | Path | str,
    split: Split | str = Split.VALIDATION,
    *,
    fresh: bool = False,
    allow_unsafe: bool = False,
    isolation: str | None = None,
    on_result: Callable[[InstanceResult], None] | None = None,
) -> Report:
    """Evaluate a program with the sandbox and verifier of a run.

    Evaluations on validation are counted, because each makes a lucky result there more likely.

    Parameters
    ----------
    program
        A source text of several lines, a file, or the name of one of the problem's programs.
    split
        `train` or `validation`; only `certify` may use `test` and `stress`. `gate` has fresh instances like those of `stress`.
    fresh
        Start a new process for every instance.
    on_result
        Called after each instance.

    Returns
    -------
    Report
        The mean `gap` and a result for every instance. The failure of a program is reported by status and message, not raised.

    Raises
    ------
    UsageError
        No such problem, program or split.
    ProblemFault
        The problem's verifier or instances fail, or are not the same every time.
    """
    return evaluate_on(
        problem, program, [split], fresh=fresh, allow_unsafe=allow_unsafe, isolation=isolation,
        on_result=None if on_result is None else lambda _, result: on_result(result),
    )[0]  # fmt: skip


def evaluate_on(
    problem: AnyProblem,
    program: Program | Path | str,
    splits: Sequence[Split | str],
    *,
    fresh: bool = False,
    allow_unsafe: bool = False,
    isolation: str | None = None,
    on_result: Callable[[Split, InstanceResult], None] | None = None,
) -> list[Report]:
    """Evaluate a program on several splits; parameters and errors as for `evaluate`."""
    loaded = load(problem)
    wanted = [split_of(split) for split in splits]
    if Split.TEST in wanted:
        raise UsageError("only `evolve certify` may access the test split, and it counts each access; use --split validation")
    if Split.STRESS in wanted:
        raise UsageError("only `evolve certify` may access the stress split; for fresh instances of its classes: evolve gate")
    given = program_of(loaded, program)
    reports = []
    with contextlib.closing(open_for(loaded, allow_unsafe=allow_unsafe, isolation=isolation)) as sandbox:
        if loaded.evaluator is None:
            look_twice(loaded, sandbox)
        for split in dict.fromkeys(wanted):
            if split is Split.VALIDATION:
                count_look(loaded, given, program)
            tell = None if on_result is None else partial(on_result, split)
            reports.append(score(loaded, given, split, sandbox, fresh=fresh, prints=True, on_result=tell))
    return reports


def count_look(loaded: LoadedProblem, program: Program, given: Program | Path | str) -> None:
    """Count a use of validation for a program, as it was given; where that cannot be written down, nobody is stopped."""
    with contextlib.suppress(StoreError):
        usage.count_validation(usage.Use(loaded.slug, loaded.version, identity(program), _name_of(given)))


def subject(
    what: Path | str,
    *,
    candidate: int | None = None,
    problem: AnyProblem | None = None,
    runs: Path | str | None = None,
    prefer: str = front.GAP,
) -> Subject:
    """Find the program to certify or export: a run's best candidate, another attempt of it, a file, or a source text.

    A file with the very text of an attempt in the runs folder is that attempt, with all that its run has seen.

    Parameters
    ----------
    what
        A run (ID, unambiguous part of one, or `latest`), a Python file, or a source text. The last two need `problem`.
    prefer
        `cpu` or the problem's second objective: the candidate that is best by it within noise of the best validation gap.

    Raises
    ------
    UsageError
        No such run, attempt, file or problem, or the attempt has no valid program.
    """
    text = str(what)
    folder = runs_folder(runs)
    if prefer != front.GAP and (candidate is not None or "\n" in text or text.endswith(".py")):
        raise UsageError("--prefer chooses among the candidates of a run: give a run, and no --candidate")
    if "\n" in text or text.endswith(".py"):
        name = "a text" if "\n" in text else f"file {Path(text).name}"
        if problem is None:
            raise UsageError(f"give the problem of {name if name == 'a text' else text} before it, or with --problem PROBLEM")
        loaded = load(problem)
        program = program_of(loaded, what)
        if (folder / FILE).exists():
            with Reader(folder) as store:
                if made := store.attempt_of_text(loaded.slug, program.source):
                    found = _attempt(store, store.run(made.run), made.number, loaded)
                    told = f"this is the text of candidate {made.number} of run {made.run}"
                    return replace(found, note=f"{told}; {found.note}" if found.note else told)
        content = text.encode("utf-8", "surrogatepass") if "\n" in text else Path(text).read_bytes()
        finder, starts = finders.finder_of_text(loaded, program.source), finders.starts_of_problem(loaded)
        return Subject(loaded, program, name, finder=finder, starts=starts, record=hashlib.sha256(content).hexdigest())
    with Reader(folder) as store:
        run = store.run(text)
        number = candidate if candidate is not None else run.champion
        if second := front.preference(problem_of(run, problem), prefer) if prefer != front.GAP else None:
            number = next(iter(front.preferred(front.standings(store, run.id, second, Split.VALIDATION))), None)
        if number is None:
            raise UsageError(f"run {run.id} has no best candidate yet; choose one with --candidate")
        return _attempt(store, run, number, problem)


def _attempt(store: Reader, run: Run, number: int, problem: AnyProblem | None) -> Subject:
    """An attempt of a run, with what is known of it."""
    attempt = store.candidate(run.id, number)
    if attempt.program is None or attempt.status is not Status.OK:
        raise UsageError(f"candidate {number} of run {run.id} is not a valid program ({attempt.status}): {attempt.message}")
    loaded = problem_of(run, problem)
    changed = f"{loaded.slug} has changed since that run (version {run.version}, now {loaded.version})"
    return Subject(
        loaded, attempt.program, f"{run.id}:{number}", run.id, number, tuple(store.ancestors(run.id, number)),
        finders.finder_of_attempt(store, run, number, loaded), finders.starts_of_run(store, run),
        SEEN_STRESS if run.options.gate else "",
        changed if loaded.version != run.version else "", store.record_hash(run.id, number) or "",
    )  # fmt: skip


def certify(
    what: Subject | Path | str,
    *,
    candidate: int | None = None,
    problem: AnyProblem | None = None,
    force: bool = False,
    found_by: str | None = None,
    metered: bool = False,
    runs: Path | str | None = None,
    allow_unsafe: bool = False,
    on_opening: Callable[[Opening], None] | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Certificate:
    """Evaluate a program on the held-out test set and the robustness tests, and store the certificate.

    Every access to the test set is counted, for this user on this machine, before any of it is read.

    Parameters
    ----------
    what
        As for `subject`.
    force
        Access the test set even if the limit is reached; the certificate says so.
    found_by
        Who wrote a file or text: `person`, `agent NAME`, `model NAME` or `operators`. Runs record it.
    metered
        If the program is certified, also judge cheats planted for it, and say which checks reject them.
    on_opening
        Called with the access after it is counted.
    on_progress
        Called with stage, steps done and total steps.

    Returns
    -------
    Certificate
        Verdict (`certified`, `not confirmed`, `not better`, `overfit` or `fragile`), reason and evidence.

    Raises
    ------
    UsageError
        As `subject`; or the limit of test-set accesses is reached; or `found_by` is not what is recorded.
    ProblemError
        The problem has no baselines, or too few test instances.
    """
    from workbench import certification  # imports numpy, which other commands do not need

    found = what if isinstance(what, Subject) else subject(what, candidate=candidate, problem=problem, runs=runs)
    loaded, finder = found.loaded, finders.told(found.finder, found_by)
    certification.require(loaded)
    judged = Judged(found.program, found.name, loaded.slug, loaded.version, found.run, found.number, loaded.hashes(Split.TEST))
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(contextlib.closing(open_sandbox(loaded.problem.modules, allow_unsafe=allow_unsafe)))
        pool = None if loaded.in_memory else stack.enter_context(Pool(loaded, cores(), allow_unsafe=allow_unsafe))
        store = stack.enter_context(Ledger(runs_folder(runs)))
        opening = store.open_test(judged, force=force)
        if on_opening:
            on_opening(opening)
        progress = on_progress or (lambda stage, done, total: None)
        made = certification.certify(
            loaded,
            found.program,
            sandbox,
            on_progress=progress,
            accesses=opening.count,
            starts=[certification.Start(*start) for start in found.starts],
            pool=pool,
            metered=metered,
        )
        certificate = replace(made, opening=replace(opening, id=None), seen=found.seen, finder=finder)
        seal = Seal.of(certificate.to_json(), identity(found.program), found.name, found.record)
        certificate = replace(certificate, seal=seal)
        store.add_certificate(judged, opening, certificate)
    return certificate


def split_of(name: Split | str) -> Split:
    """Return a split by name.

    Raises
    ------
    UsageError
        No such split.
    """
    try:
        return Split(name)
    except ValueError as error:
        raise UsageError(f"unknown split {name!r}; choose from: {', '.join(Split)}") from error


def _name_of(program: Program | Path | str) -> str:
    return "a text" if isinstance(program, Program) or "\n" in str(program) else Path(program).name
