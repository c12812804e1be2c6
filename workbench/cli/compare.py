"""`evolve compare`: is a program significantly better than others, and where is it worse?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.api.judging import evaluate, split_of
from workbench.api.loading import load, problem_of
from workbench.cli.common import DEFAULT_RUNS, Json, OwnProblem, Runs, emit, table
from workbench.cli.console import console
from workbench.errors import UsageError
from workbench.formatting import level, percent, points, span
from workbench.model import Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.foreign import refuse
from workbench.store import Store

if TYPE_CHECKING:
    from workbench.analysis.compare import Address, Comparison, Contender


def compare_(
    program: Annotated[
        str, typer.Argument(metavar="RUN[:N]|FILE", help="A run (its best candidate), one attempt of it, or a Python file.")
    ],
    others: Annotated[
        list[str] | None,
        typer.Argument(metavar="[BASELINE|RUN[:N]|FILE]...", help="Programs to compare with (default: all baselines)."),
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
      evolve compare my_rule.py latest --problem total_tardiness
    """
    from workbench.analysis.compare import CONFIDENCE, compare_all  # imports numpy, which other commands do not need

    wanted = split_of(split)
    if _is_file(program):
        if problem is None:
            raise UsageError(f"give the problem of {program} with --problem PROBLEM")
        loaded = load(problem)
        version, name = loaded.version, program
    else:
        with Store(runs, write=False) as store:
            row = store.run(_address(program).run)
        loaded = problem_of(row, problem)
        version, name = row.version, row.id
    side = _Side(loaded, version, name, wanted, runs)
    refuse(loaded.slug, loaded.folder, "be compared instance by instance")
    own = side.of(program)
    if not others and loaded.version != version:
        raise UsageError(
            f"{loaded.slug} has changed since {name}, so its baselines are not comparable; name a program to compare with"
        )
    rivals = [side.of(other) for other in others or [name for name, _ in loaded.references.ranking]]
    if not others:
        rivals.sort(key=lambda rival: rival.gap)
    found = compare_all(own, rivals, together=together)
    confidence = found[0].confidence if found else CONFIDENCE
    if as_json:
        emit(
            {"program": own.name, "problem": loaded.slug, "split": wanted.value, "gap": own.gap, "confidence": confidence,
             "instances": len(own.gaps), "comparisons": [c.to_json() for c in found]}
        )  # fmt: skip
        return
    _say(own, wanted, loaded.slug, confidence, found)


def _is_file(name: str) -> bool:
    return name.endswith(".py")


def _address(name: str) -> Address:
    from workbench.analysis.compare import address

    return address(name)


@dataclass(frozen=True, slots=True)
class _Side:
    """What every program of a comparison must share with the first one, `name`: problem, version and split."""

    loaded: LoadedProblem
    version: str
    name: str
    split: Split
    runs: Path

    def of(self, given: str) -> Contender:
        """Find a program: a file is evaluated now, a baseline and an attempt of a run have been."""
        from workbench.analysis.compare import of_baseline, of_report, of_run

        names = [b.name for b in self.loaded.problem.baselines]
        if (_is_file(given) or given in names) and self.loaded.version != self.version:
            raise UsageError(f"{self.loaded.slug} has changed since {self.name}, so {given} is not comparable")
        if _is_file(given):
            report = evaluate(self.loaded, given, self.split)
            if report.status is not Status.OK:
                raise UsageError(f"{given} fails ({report.status}): {report.message}")
            return of_report(Path(given).name, None, report)
        if given in names:
            return of_baseline(self.loaded, given, self.split)
        named = _address(given)
        with Store(self.runs, write=False) as store:
            try:
                row = store.run(named.run)
            except UsageError as error:
                raise UsageError(
                    f"{given!r} is neither a baseline ({', '.join(names)}), nor a file (.py), nor a program of a run: {error}"
                ) from error
            for what, theirs, own in (("problem", row.problem, self.loaded.slug), ("version", row.version, self.version)):
                if theirs != own:
                    raise UsageError(f"{self.name} and {row.id} are of different {what}s: {own} and {theirs}")
            return of_run(store, row, named.number, self.split)


def _say(own: Contender, split: Split, problem: str, confidence: float, found: list[Comparison]) -> None:
    words = console()
    words.print(f"{own.name} on {problem}, {split}: gap {percent(own.gap)} on {len(own.gaps)} instances", style="bold")
    columns = ("against", "difference", f"{level(confidence)} CI", "won/equal/lost", "verdict")
    shown = table(*columns, right="difference won/equal/lost", whole="against")
    for c in found:
        mean, low, high = c.difference
        shown.add_row(c.against, points(mean), span(low, high), "/".join(map(str, c.record)), c.verdict)
    (words if words.is_terminal else console(width=10_000)).print(shown)
    for c in found:
        if c.record.losses:
            words.print(f"largest loss to {c.against}: {points(c.worst.difference)} on {c.worst.instance}")
    if split is Split.VALIDATION:
        words.print(
            "The best candidate was selected on validation, so its gap there is optimistic; for held-out data: evolve certify"
        )
