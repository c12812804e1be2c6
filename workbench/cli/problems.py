"""`evolve problems`: a table of the problems, or one in detail."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated, Any

import typer
from rich.table import Table

from workbench.api.loading import load
from workbench.cli.common import Json, emit, table
from workbench.cli.console import console
from workbench.errors import WorkbenchError
from workbench.formatting import percent
from workbench.model import Split
from workbench.problem import catalog
from workbench.problem.gap import mean_gap
from workbench.problem.shipped import Exhibit, exhibit

WIDTH = 100
"""Width of the output in columns unless it goes to a terminal."""


def problems(
    name: Annotated[str | None, typer.Argument(metavar="[PROBLEM]", help="Problem ID, unambiguous suffix, or folder.")] = None,
    as_json: Json = False,
) -> None:
    """List the problems, or show one: question, statement, baselines.

    [bold]Examples[/bold]

      evolve problems
      evolve problems total_tardiness
    """
    if name is not None:
        loaded = load(name)
        if as_json:
            emit(_summary(loaded))
        else:
            _show(loaded)
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
            best, verdict, seconds = "", "", ""
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


def _show(loaded: catalog.LoadedProblem) -> None:
    words = console()
    words.print(f"{loaded.slug}: {loaded.problem.title}", style="bold")
    words.print(loaded.problem.question)
    words.print(f"reference: {loaded.problem.bound}\n")
    words.print(loaded.statement)
    words.print(_baselines(loaded))
    if shipped := exhibit(loaded.slug):
        words.print(f"\nbest here: {_best(shipped, loaded.version)}")
        words.print(f"module: {shipped.module}")


def _baselines(loaded: catalog.LoadedProblem) -> Table:
    """The baselines with their gaps, best on train first; without test gaps, by which nobody should select."""
    titles = {b.name: b.title for b in loaded.problem.baselines}
    shown = table("baseline", "train", "validation", "method", right="train validation", whole="baseline")
    for name, gap in loaded.references.ranking:
        validation = mean_gap(loaded.references.families(name, Split.VALIDATION))
        shown.add_row(name, percent(gap), percent(validation), titles[name])
    return shown


def _best(shipped: Exhibit, version: str) -> str:
    """Gaps and verdict of the best heuristic that ships."""
    gaps = ", ".join(f"{split} gap {percent(shipped.certificate.gaps[split])}" for split in (Split.TRAIN, Split.VALIDATION))
    gain = f"; {shipped.certificate.gain}" if shipped.certificate.gain else ""
    old = f" (certified for version {shipped.version}, now {version})" if shipped.stale(version) else ""
    return f"{gaps}; verdict: {shipped.verdict.words}{old}; found by: {shipped.found_by}{gain}"


def _summary(loaded: catalog.LoadedProblem) -> dict[str, Any]:
    shipped = exhibit(loaded.slug)
    return {
        "slug": loaded.slug,
        "title": loaded.problem.title,
        "question": loaded.problem.question,
        "baselines": [b.name for b in loaded.problem.baselines],
        "best_baseline": dict(zip(("name", "train_gap"), loaded.references.ranking[0], strict=True)),
        "splits": {split.value: len(loaded.instances(split)) for split in Split},
        "bound": loaded.problem.bound,
        "version": loaded.version,
        "seconds_per_evaluation": shipped and shipped.seconds,
        "found": shipped and {
            "verdict": shipped.verdict, "reason": shipped.certificate.reason, "gaps": dict(shipped.certificate.gaps),
            "found_by": str(shipped.finder), "gain": shipped.certificate.gain, "version": shipped.version,
            "stale": shipped.stale(loaded.version),
            "module": str(shipped.module),
        },
    }  # fmt: skip
