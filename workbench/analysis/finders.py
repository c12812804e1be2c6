"""Who found a program, and what its search started from, as a runs folder records it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from workbench.certificate import UNKNOWN, Finder, FinderKind
from workbench.errors import UsageError
from workbench.model import Program
from workbench.problem.catalog import LoadedProblem
from workbench.store import Attempt, Reader, Run

Start = tuple[str, Program]
"""Name of an initial program, and the program."""


def finder_of_attempt(store: Reader, run: Run, number: int, loaded: LoadedProblem | None) -> Finder:
    """Return who found an attempt of a run, judged by how it and its ancestors were made."""
    steps = list(_family(store, run, number))
    if all(step.operator == "seed" for step in steps):
        return finder_of_text(loaded, steps[0].source) if loaded else UNKNOWN
    if any(step.operator == "inject" for step in steps):
        return Finder(FinderKind.UNKNOWN, "a program was injected into its run")
    source = _replayed(store, run)
    calls = (recorded.call for step in steps for recorded in store.conversation(run.id, step.number))
    makers = {step.proposer or source.options.proposer for step in steps if step.operator not in ("seed", "tune")}
    if models := list(dict.fromkeys(call.model for call in calls if not call.error)):
        from_outside = any(maker == "agents" or maker.startswith("agent:") for maker in makers)
        return _outside(models) if from_outside or any(step.operator == "submit" for step in steps) else _models(models)
    if makers <= {"builtin"} and (makers or source.options.proposer == "builtin"):
        return Finder(FinderKind.OPERATORS)
    return Finder(FinderKind.MODEL if source.uses_model else FinderKind.UNKNOWN, source.proposer)


def _models(names: Sequence[str]) -> Finder:
    return Finder(FinderKind.MODEL, ", ".join(names))


def _outside(names: Sequence[str]) -> Finder:
    """Return who is meant by the authors of programs from outside: agents, unless all call themselves persons."""
    persons = [name for name in names if name.split()[:1] == ["person"]]
    if len(persons) == len(names):
        return Finder(FinderKind.PERSON, ", ".join(name.removeprefix("person").strip() for name in names))
    return Finder(FinderKind.AGENT, ", ".join(name.removeprefix("agent ") for name in names))


def finder_of_text(loaded: LoadedProblem, source: str) -> Finder:
    """Return who wrote a text: the initial programs and baselines of a problem are by people, nothing is known of others."""
    known = source in (loaded.program(name).source for name in loaded.programs)
    return Finder(FinderKind.PERSON) if known else UNKNOWN


def told(known: Finder, said: str | None) -> Finder:
    """Return what is known, or what a user says where nothing is.

    Raises
    ------
    UsageError
        A user says another thing than what is recorded.
    """
    if said is None:
        return known
    wanted = Finder.parse(said)
    if known.kind is FinderKind.UNKNOWN:
        return wanted
    if known.kind is not wanted.kind:
        raise UsageError(f"it is recorded who found this program: {known}; leave out --found-by")
    return known


def starts_of_run(store: Reader, run: Run) -> tuple[Start, ...]:
    """Return the initial programs of a run."""
    seeds = [store.attempt(run.id, row.number) for row in store.attempts(run.id) if row.operator == "seed"]
    return tuple(
        (Path(seed.message.removeprefix("program ")).name or f"initial program {seed.number}", seed.program)
        for seed in seeds
        if seed and seed.program
    )


def starts_of_problem(loaded: LoadedProblem) -> tuple[Start, ...]:
    """Return the initial programs of a problem."""
    return tuple((name, loaded.program(name)) for name in loaded.problem.seeds)


def _family(store: Reader, run: Run, number: int) -> Iterable[Attempt]:
    """Yield an attempt and all its ancestors, by any parent."""
    waiting, seen = [number], {number}
    while waiting:
        step = store.attempt(run.id, waiting.pop())
        if step is None:
            continue
        yield step
        new = [parent for parent in step.parents if parent not in seen]
        seen.update(new)
        waiting += new


def _replayed(store: Reader, run: Run) -> Run:
    """Return the run that a replay repeats, as far as it is in this folder; else the run itself."""
    name = run.options.proposer.partition("replay:")[2]
    if not name:
        return run
    try:
        source = store.run(name)
    except UsageError:
        return run
    return _replayed(store, source) if source.created < run.created else run
