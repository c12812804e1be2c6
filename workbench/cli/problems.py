"""`evolve problems`: the shop window."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated, Any

import typer
from rich.table import Table

from workbench.cli.common import Json, emit
from workbench.cli.console import console
from workbench.cli.show import baseline_lines
from workbench.errors import WorkbenchError
from workbench.formatting import percent
from workbench.model import Split
from workbench.problem import catalog
from workbench.problem.shipped import Exhibit, exhibit


def problems(
    name: Annotated[str | None, typer.Argument(metavar="[SLUG]", help="Show one problem's statement and baselines.")] = None,
    as_json: Json = False,
) -> None:
    """List the problems, or show one.

    [bold]Examples[/bold]

      evolve problems
      evolve problems total_tardiness
    """
    words = console(as_json)
    if name is not None:
        loaded = catalog.load(name)
        if as_json:
            emit(_summary(loaded))
            return
        words.print(loaded.statement)
        for line in baseline_lines(loaded, None):
            words.print(line)
        if shipped := exhibit(loaded.slug):
            words.print(f"best found so far, with its certificate: {shipped.line(loaded.version)}; {shipped.module}")
        return
    found, broken = [], []
    for slug in catalog.slugs():
        try:
            found.append(catalog.load(slug))
            found[-1].references.ranking  # noqa: B018  a problem without references is told here, not half-way through the list
        except WorkbenchError as error:
            broken.append(str(error))
    if as_json:
        emit([_summary(loaded) for loaded in found])
    else:
        for family, members in groupby(found, lambda loaded: loaded.slug.partition("/")[0]):
            words.print(family, style="bold")
            words.print(_shelf(list(members)))
        words.print("one of them, with its statement: evolve problems NAME; gaps are on train, 0 is the reference", style="dim")
    for line in broken:
        console(True).print(f"not usable: {line}")


def _shelf(members: list[catalog.LoadedProblem]) -> Table:
    """The problems of a family: question; baselines; what was found and how long a program takes; reference."""
    shelf = Table.grid(padding=(0, 2, 0, 0))
    shelf.add_column(no_wrap=True)
    shelf.add_column()
    for loaded in members:
        name, gap = loaded.references.ranking[0]
        facts = [f"{len(loaded.problem.baselines)} baselines, the best {name} {percent(gap)}"]
        if shipped := exhibit(loaded.slug):
            facts += [_found(shipped, loaded.version), f"{shipped.seconds:.2g} s a program"]
        shelf.add_row(f"  {loaded.slug.partition('/')[2]}", loaded.problem.question)
        shelf.add_row("", "; ".join(facts))
        shelf.add_row("", f"reference: {loaded.problem.bound}", style="dim")
        shelf.add_row()
    return shelf


def _found(shipped: Exhibit, version: str) -> str:
    """The best heuristic that ships, and the verdict on it."""
    old = ", of an earlier version" if shipped.stale(version) else ""
    return f"found {percent(shipped.certificate.gaps[Split.TRAIN])} ({shipped.verdict}{old})"


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
            "version": shipped.version, "stale": shipped.stale(loaded.version), "module": str(shipped.module),
        },
    }  # fmt: skip
