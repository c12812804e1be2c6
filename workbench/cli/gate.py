"""The command gate."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.api.gating import gate
from workbench.cli.common import Isolation, Json, Unsafe, emit, table
from workbench.cli.console import console
from workbench.formatting import percent, points
from workbench.model import Status

WIDTH = 120
"""Columns of the output where it does not go to a terminal."""
_RIGHT = "gap theirs behind tolerance"


def gate_(
    problem: Annotated[str, typer.Argument(help="Problem ID, unambiguous suffix, or folder.")],
    file: Annotated[str, typer.Argument(help="A Python file, or the name of one of the problem's programs.")],
    seed: Annotated[int, typer.Option(help="Random seed of the instances; another seed gives others.")] = 0,
    allow_unsafe: Unsafe = False,
    isolation: Isolation = None,
    as_json: Json = False,
) -> None:
    """Try a program on fresh instances of the robustness classes.

    They are generated for this command; a certificate uses others of the same classes. Gaps are to the best baseline on each
    instance, and in each class a program may be worse than the best baseline by the tolerance.

    [bold]Examples[/bold]

      evolve gate prism my_placement.py
      evolve gate prism multifit --seed 7 --json
    """
    words = console(as_json) if as_json or console().is_terminal else console(width=WIDTH)
    found = gate(problem, file, seed=seed, allow_unsafe=allow_unsafe, isolation=isolation)
    if as_json:
        emit(found.to_json())
        return
    shown = table("", "gap", "theirs", "behind", "tolerance", "best baseline", "instances where", right=_RIGHT, whole=_RIGHT)
    for m in found.margins:
        word = "passed" if m.passed else "FAILED" if m.status is Status.OK else m.status.value.upper()
        gap = percent(m.gap) if m.status is Status.OK else ""
        behind = points(m.behind) if m.status is Status.OK else ""
        shown.add_row(word, gap, percent(m.theirs), behind, points(m.tolerance).lstrip("+"), m.baseline, m.words)
    words.print(shown)
    for message in dict.fromkeys(m.message for m in found.margins if m.message):
        words.print(f"{', '.join(m.family for m in found.margins if m.message == message)}: {message}")
    passed = sum(m.passed for m in found.margins)
    words.print(f"{found.problem}: passed {passed} of {len(found.margins)} classes, fresh instances of seed {seed}", style="bold")
