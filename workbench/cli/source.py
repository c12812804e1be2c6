"""The command source."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from workbench.api.loading import load
from workbench.api.sources import kind_of, source, sources
from workbench.cli.common import Isolation, Json, Unsafe, emit, table
from workbench.cli.console import console
from workbench.errors import UsageError
from workbench.formatting import measure_of
from workbench.loop.display import Steps
from workbench.model import Split

WIDTH = 120
"""Columns of the list where it does not go to a terminal."""


def source_(
    problem: Annotated[str, typer.Argument(help="Problem ID, unambiguous suffix, or folder.")],
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Initial program, baseline, or shipped: the best heuristic that ships."),
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List the names, with kind and gaps on train and validation.")] = False,
    allow_unsafe: Unsafe = False,
    isolation: Isolation = None,
    as_json: Json = False,
) -> None:
    """Print a program that comes with a problem, exactly as it is.

    --list evaluates the initial programs and the heuristic that ships, which takes seconds.

    [bold]Examples[/bold]

      evolve source prism --list
      evolve source prism seed > my_placement.py
      evolve source prism multifit --json
    """
    loaded = load(problem)
    if (name is None) != list_all:
        raise UsageError(f"give either the name of a program or --list; its names: evolve source {loaded.slug} --list")
    if name is not None:
        text = source(loaded, name)
        if as_json:
            emit({"problem": loaded.slug, "name": name, "kind": kind_of(loaded, name), "source": text})
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode())  # a program is its exact text, in any locale
            sys.stdout.buffer.flush()
        return
    steps = Steps(console(True))
    found = sources(
        loaded, allow_unsafe=allow_unsafe, isolation=isolation, on_source=lambda done, total: steps.show("evaluating", done, total)
    )
    if as_json:
        emit([one.to_json() for one in found])
        return
    measure = measure_of(loaded.slug)
    shown = table("name", "kind", "train", "validation", "title", right="train validation", whole="name kind")
    for one in found:
        shown.add_row(one.name, one.kind, *(measure.value(one.gaps[split]) for split in (Split.TRAIN, Split.VALIDATION)), one.title)
    words = console() if console().is_terminal else console(width=WIDTH)
    words.print(shown)
    if measure.note:
        words.print(f"{measure.note}; higher is better")
