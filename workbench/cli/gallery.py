"""The command gallery."""

from __future__ import annotations

import re
from typing import Annotated

import typer
from rich.table import Table

from workbench.api.exhibits import Exhibited, check, exhibited
from workbench.api.sources import SHIPPED
from workbench.cli.common import Json, emit, table
from workbench.cli.console import console
from workbench.errors import UsageError, WorkbenchError
from workbench.formatting import level, percent, points, span
from workbench.loop.display import Steps
from workbench.model import Split
from workbench.problem.shipped import named, names

WIDTH = 150
"""Columns of the list where it does not go to a terminal."""
_CLAUSE = re.compile(r"[,;] | \(")
"""Where the first clause of what a gap is measured against ends."""


def gallery_(
    which: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Problem ID, or its last part.")] = None,
    again: Annotated[
        bool, typer.Option("--check", help="Verify each certificate, and evaluate each program on validation again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the heuristics that ship, or show one: what it does, how good it is, how to use it.

    The best found so far for each problem, with its verdict, whatever that is. Gaps are of the held-out test set, so this is not
    for whoever proposes programs: evolve problems tells what they may know. With --check the exit code is 1 if anything that
    ships is not what its certificate says: program, module, version of the problem, seal, gap on validation.

    [bold]Examples[/bold]

      evolve gallery
      evolve gallery cloudcast
      evolve gallery --check
      evolve gallery --check prism eplb --json
    """
    slugs = [named(name) for name in which or ()]
    if again:
        _check(slugs or list(names().values()), as_json)
    elif len(slugs) > 1:
        raise UsageError(
            "name one heuristic to see it, or none for the list; several can be checked: evolve gallery --check NAME NAME"
        )
    elif slugs and as_json:
        emit(_complete(exhibited(slugs[0])))
    elif slugs:
        _show(exhibited(slugs[0]))
    else:
        _list(as_json)


def _list(as_json: bool) -> None:
    found, broken = [], []
    for slug in names().values():
        try:
            found.append(exhibited(slug))
        except WorkbenchError as error:
            broken.append(str(error))
    if as_json:
        emit([one.to_json() for one in found])
    else:
        _table(found)
    for line in broken:
        console(True).print(f"cannot be used: {line}")


def _table(found: list[Exhibited]) -> None:
    columns = ("problem", "verdict", "gap", "best human", "openings", "attempts", "found by", "reference")
    shown = table(*columns, right="gap openings attempts", whole="problem")
    shown.columns[3].justify = "right"
    for one in found:
        opened = "–" if one.openings is None else str(one.openings)
        verdict = f"{one.verdict.words}{'*' if one.stale else ''}"
        reference = _CLAUSE.split(one.reference)[0]
        gaps = percent(one.gap), percent(one.best_human)
        shown.add_row(one.slug, verdict, *gaps, opened, str(one.attempts or "–"), one.found_by, reference)
    words = console() if console().is_terminal else console(width=WIDTH)
    words.print(shown)
    words.print("\nGaps to the reference on the held-out test set; 0% reaches it, lower is better.", style="dim")
    words.print(
        "Details: evolve gallery NAME. In Python: from workbench.gallery import NAME, the last part of the ID.", style="dim"
    )
    if any(one.stale for one in found):
        words.print("* certified for an earlier version of the problem", style="dim")


def _complete(one: Exhibited) -> dict[str, object]:
    """Everything that is known of one."""
    found = one.shipped
    more = {"does": one.does, "call": one.call, "module": str(found.module), "made": found.made}
    return one.to_json() | more | {"certificate": found.certificate.to_json()}


def _show(one: Exhibited) -> None:
    found = one.shipped
    words = console() if console().is_terminal else console(width=WIDTH)
    words.print(f"{one.slug}: {one.verdict.words}", style="bold")
    words.print(f"{one.does}\n")
    words.print(found.certificate.origin)
    words.print(f"certificate of {found.made}: {found.certificate.reason}")
    if one.stale:
        words.print(one.stale)
    words.print(f"reference: {one.reference}\n")
    words.print(_figures(one))
    judged = [one for one in found.certificate.checks if one.kind != "comparison"]
    words.print(f"\n{sum(one.passed is True for one in judged)} checks passed")
    for rest in judged:
        if not rest.passed:
            words.print(f"  {rest.word:<10}  {rest.line}")
    if found.certificate.opening:
        words.print(str(found.certificate.opening))
    words.print(f"\nin Python    from workbench.gallery import {one.name}\n             {one.call}")
    words.print(f"as a file    {found.module} (stands alone; run as a script it repeats its self-test)")
    words.print(f"arguments    evolve problems {one.slug}")
    words.print(f"its text     evolve source {one.slug} {SHIPPED}")
    words.print(f"certificate  evolve verify {one.slug} --rescore")


def _figures(one: Exhibited) -> Table:
    """Gaps by split: this heuristic, the best baseline there, and the paired difference."""
    shown = table("split", "gap", "best human", "difference", right="gap")
    shown.columns[2].justify = "right"
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        closest, gap = one.shipped.closest(split), one.shipped.certificate.gaps.get(split)
        if closest is None or gap is None:
            continue
        mean, low, high = closest.difference
        difference = f"{points(mean)}, {level(closest.confidence)} CI {span(low, high)}, against {closest.baseline}"
        shown.add_row(split.value, percent(gap), percent(gap - mean), difference)
    return shown


def _check(slugs: list[str], as_json: bool) -> None:
    steps = Steps(console(True))
    done: list[str] = []

    def step(slug: str) -> None:
        steps.show(f"checking {slug}", len(done), len(slugs))
        done.append(slug)

    faults = check(slugs, step)
    if as_json:
        emit({"checked": slugs, "faults": [fault.to_json() for fault in faults]})
    else:
        for fault in faults:
            console().print(str(fault))
        wrong = len({fault.slug for fault in faults})
        console().print(f"{len(slugs)} checked, {f'{wrong} with faults' if wrong else 'all hold'}", style="bold")
    if faults:
        raise typer.Exit(1)
