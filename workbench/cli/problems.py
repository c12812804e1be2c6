"""`evolve problems`: a table of the problems, or one in detail."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated, Any

import typer
from rich.table import Table

from workbench.api.describing import SHOWN, Description, describe, train_instance
from workbench.api.loading import load
from workbench.api.sources import SHIPPED
from workbench.cli.common import Json, emit, table
from workbench.cli.console import console
from workbench.errors import UsageError, WorkbenchError
from workbench.formatting import percent
from workbench.model import Split
from workbench.problem import catalog
from workbench.problem.reachable import Reachable
from workbench.problem.shipped import Exhibit, exhibit

_SMOKE = "; classes that are solved (smoke-...) must be answered, but do not count in the gap"

NOT_YET = "not certified yet"
"""In place of a verdict where no heuristic ships."""

WIDTH = 100
"""Width of the output in columns unless it goes to a terminal."""


def problems(
    name: Annotated[str | None, typer.Argument(metavar="[PROBLEM]", help="Problem ID, unambiguous suffix, or folder.")] = None,
    instance: Annotated[str, typer.Option(metavar="NAME", help="Print this train instance instead, as JSON.")] = "",
    as_json: Json = False,
) -> None:
    """List the problems, or show one: statement, contract, limits, sizes of instances, baselines, hints.

    All that whoever proposes programs may know: no result on the held-out test set or on the robustness tests is in it. With
    --json it is complete, with gaps of the baselines by instance class. Programs: evolve source PROBLEM --list.

    [bold]Examples[/bold]

      evolve problems
      evolve problems total_tardiness
      evolve problems total_tardiness --json
      evolve problems total_tardiness --instance NAME
    """
    if instance and name is None:
        raise UsageError("--instance goes with a problem: evolve problems PROBLEM --instance NAME")
    if name is not None and instance:
        emit(train_instance(name, instance))
        return
    if name is not None:
        loaded = load(name)
        shipped = exhibit(loaded.slug)
        if as_json:
            emit(describe(loaded).to_json() | _shipped(shipped, loaded.version))
        else:
            _show(describe(loaded), shipped)
        return
    found, broken = [], []
    for slug in catalog.slugs():
        try:
            found.append(catalog.load(slug))
            found[-1].references.ranking  # noqa: B018  report missing references here, not in the middle of the table
        except WorkbenchError as error:
            broken.append(str(error))
    if as_json:
        emit([_summary(loaded) for loaded in found])
    else:
        _list(found)
    for line in broken:
        console(True).print(f"cannot be used: {line}")


def _list(found: list[catalog.LoadedProblem]) -> None:
    words = console(width=WIDTH) if not console().is_terminal else console()
    columns = ("problem", "best baseline", "gap", "best here", "on held-out test", "s/eval")
    shown, old = table(*columns, right="gap s/eval", whole="problem"), False
    for domain, members in groupby(found, lambda loaded: loaded.slug.partition("/")[0]):
        shown.add_row(domain, style="bold")
        for loaded in members:
            baseline, gap = loaded.references.ranking[0]
            best, verdict, seconds = "", NOT_YET, ""
            if shipped := exhibit(loaded.slug):
                stale = bool(shipped.stale(loaded.version))
                old |= stale
                best = f"{percent(shipped.certificate.gaps[Split.TRAIN])}{'*' if stale else ''}"
                verdict, seconds = shipped.verdict.words, f"{shipped.seconds:.2f}"
            shown.add_row(f" {loaded.slug.partition('/')[2]}", baseline, percent(gap), best, verdict, seconds)
    words.print(shown)
    words.print("\nGaps on train: 0% is the reference, lower is better. Details: evolve problems NAME", style="dim")
    if old:
        words.print("* certified for an earlier version of the problem", style="dim")


def _show(found: Description, shipped: Exhibit | None) -> None:
    words = console() if console().is_terminal else console(width=WIDTH)
    words.print(f"{found.slug}: {found.title}", style="bold")
    words.print(found.question)
    words.print(f"reference: {found.bound}\n")
    words.print(found.statement)
    words.print(f"What a program defines\n\n{found.contract}\n")
    limits = found.limits
    words.print(f"limits: {limits.seconds:g} s and {limits.memory_mb} MB for one instance, {found.source_bytes:,} bytes of Python")
    words.print(f"modules: {', '.join(found.modules)}\n")
    words.print(_sizes(found))
    words.print(_baselines(found))
    if found.reachable:
        words.print(f"within reach: {_within_reach(found.reachable)}\n")
    if found.robustness:
        words.print("robustness classes (fresh instances: evolve gate):")
        words.print("".join(f"  {text}\n" for text in found.robustness.values()))
    for number, hint in enumerate(found.hints, 1):
        words.print(f"hints, level {number}\n{hint}\n")
    if shipped:
        words.print(f"best here: {_best(shipped, found.version)}")
        words.print(f"its program: evolve source {found.slug} {SHIPPED}")
    else:
        words.print(f"best here: {NOT_YET}")
    if found.harder:
        words.print(f"harder tier, where a run goes on that has solved train: {found.harder}")
    words.print(f"programs: evolve source {found.slug} --list")


def _sizes(found: Description) -> Table:
    shown = table(
        "split",
        "instances",
        "classes",
        "scored",
        "smallest",
        "median",
        "largest",
        right="instances classes scored smallest median largest",
    )
    smoke = any(size.scored < size.instances for size in found.splits.values())
    for split, size in found.splits.items():
        figures = (size.instances, size.classes, size.scored, size.smallest, size.median, size.largest)
        shown.add_row(split, *(f"{figure:,}" for figure in figures))
    shown.caption = f"sizes are the numbers, truth values and characters of an instance{_SMOKE if smoke else ''}\n"
    shown.caption_justify = "left"
    return shown


def _baselines(found: Description) -> Table:
    """The baselines with their gaps, best on train first."""
    shown = table("baseline", "train", "validation", "method", right="train validation", whole="baseline")
    for rival in found.baselines:
        shown.add_row(rival.name, *(percent(rival.gaps[split]) for split in SHOWN), rival.title)
    return shown


def _within_reach(found: Reachable) -> str:
    gaps = ", ".join(f"{percent(found.gaps[split])} on {split}" for split in SHOWN)
    return f"{gaps}, by {found.words}. 0% is the reference, which is mostly out of reach; this is a measured figure and no bound."


def _best(shipped: Exhibit, version: str) -> str:
    """Gaps and verdict of the best heuristic that ships, without figures of the held-out test set."""
    gaps = ", ".join(f"{split} gap {percent(shipped.certificate.gaps[split])}" for split in SHOWN)
    old = f" (certified for version {shipped.version}, now {version})" if shipped.stale(version) else ""
    return f"{gaps}; verdict: {shipped.verdict.words}{old}; found by: {shipped.found_by}"


def _summary(loaded: catalog.LoadedProblem) -> dict[str, Any]:
    return {
        "slug": loaded.slug,
        "title": loaded.problem.title,
        "question": loaded.problem.question,
        "baselines": [b.name for b in loaded.problem.baselines],
        "best_baseline": dict(zip(("name", "train_gap"), loaded.references.ranking[0], strict=True)),
        "splits": {split.value: len(loaded.instances(split)) for split in Split},
        "bound": loaded.problem.bound,
        "version": loaded.version,
        **_shipped(exhibit(loaded.slug), loaded.version),
    }


def _shipped(shipped: Exhibit | None, version: str) -> dict[str, Any]:
    """The best heuristic that ships, without figures of the held-out test set or of robustness tests."""
    return {
        "seconds_per_evaluation": shipped and shipped.seconds,
        "found": shipped and {
            "verdict": shipped.verdict, "gaps": {split.value: shipped.certificate.gaps[split] for split in SHOWN},
            "found_by": str(shipped.finder), "version": shipped.version, "stale": shipped.stale(version),
        },
    }  # fmt: skip
