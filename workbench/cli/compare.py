"""`evolve compare`: is a program significantly better than others, and where is it worse?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workbench.api.judging import split_of
from workbench.api.loading import problem_of
from workbench.cli.common import DEFAULT_RUNS, Json, OwnProblem, Runs, emit, table
from workbench.cli.console import console
from workbench.errors import UsageError
from workbench.formatting import level, percent, points, span
from workbench.model import Split
from workbench.store import Run, Store

if TYPE_CHECKING:
    from workbench.analysis.compare import Comparison, Contender


def compare_(
    program: Annotated[str, typer.Argument(metavar="RUN[:N]", help="A run (its best candidate), or one attempt of it.")],
    others: Annotated[
        list[str] | None,
        typer.Argument(metavar="[BASELINE|RUN[:N]]...", help="Programs to compare with (default: all baselines)."),
    ] = None,
    split: Annotated[str, typer.Option(help="train or validation.")] = "validation",
    together: Annotated[bool, typer.Option("--together", help="Simultaneous confidence intervals (Bonferroni).")] = False,
    problem: OwnProblem = None,
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Compare programs per instance, with bootstrap confidence intervals.

    [bold]Examples[/bold]

      evolve compare latest
      evolve compare latest:12 mdd latest:0 --split train
    """
    from workbench.analysis.compare import (  # imports numpy, which other commands do not need
        CONFIDENCE,
        address,
        compare_all,
        of_baseline,
        of_baselines,
        of_run,
    )

    wanted = split_of(split)
    with Store(runs, write=False) as store:
        named = address(program)
        row = store.run(named.run)
        own = of_run(store, row, named.number, wanted)
        loaded = problem_of(row, problem)
        same = loaded.version == row.version
        names = [b.name for b in loaded.problem.baselines]
        if not others and not same:
            raise UsageError(
                f"{loaded.slug} has changed since {row.id}, so its baselines are not comparable; name a program to compare with"
            )
        rivals: list[Contender] = [] if others else of_baselines(loaded, wanted)
        for other in others or ():
            if other in names:
                if not same:
                    raise UsageError(f"{loaded.slug} has changed since {row.id}, so {other} is not comparable")
                rivals.append(of_baseline(loaded, other, wanted))
                continue
            rivals.append(_program(store, row, other, wanted, names))
    found = compare_all(own, rivals, together=together)
    confidence = found[0].confidence if found else CONFIDENCE
    if as_json:
        emit(
            {"program": own.name, "problem": loaded.slug, "split": wanted.value, "gap": own.gap, "confidence": confidence,
             "instances": len(own.gaps), "comparisons": [c.to_json() for c in found]}
        )  # fmt: skip
        return
    _say(own, wanted, loaded.slug, confidence, found)


def _program(store: Store, row: Run, name: str, split: Split, baselines: list[str]) -> Contender:
    from workbench.analysis.compare import address, of_run

    named = address(name)
    try:
        other = store.run(named.run)
    except UsageError as error:
        raise UsageError(f"{name!r} is neither a baseline ({', '.join(baselines)}) nor a program of a run: {error}") from error
    for what, theirs, own in (("problem", other.problem, row.problem), ("version", other.version, row.version)):
        if theirs != own:
            raise UsageError(f"{row.id} and {other.id} are of different {what}s: {own} and {theirs}")
    return of_run(store, other, named.number, split)


def _say(own: Contender, split: Split, problem: str, confidence: float, found: list[Comparison]) -> None:
    words = console()
    words.print(f"{own.name} on {problem}, {split}: gap {percent(own.gap)} on {len(own.gaps)} instances", style="bold")
    columns = ("against", "difference", f"{level(confidence)} CI", "won/equal/lost", "verdict")
    shown = table(*columns, right="difference won/equal/lost")
    for c in found:
        mean, low, high = c.difference
        shown.add_row(c.against, points(mean), span(low, high), "/".join(map(str, c.record)), c.verdict)
    words.print(shown)
    for c in found:
        if c.record.losses:
            words.print(f"largest loss to {c.against}: {points(c.worst.difference)} on {c.worst.instance}")
    if split is Split.VALIDATION:
        words.print(
            "The best candidate was selected on validation, so its gap there is optimistic; for held-out data: evolve certify"
        )
