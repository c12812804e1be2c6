"""The command verify."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.api import verifying as api
from workbench.cli.common import DEFAULT_RUNS, Json, Runs, Unsafe, emit, table
from workbench.cli.console import console


def verify_(
    what: Annotated[
        str,
        typer.Argument(metavar="FILE|PROBLEM", help="A certificate, an exported module, or a problem: the heuristic that ships."),
    ],
    rescore: Annotated[bool, typer.Option("--rescore", help="Also evaluate the program on validation again.")] = False,
    problem: Annotated[str | None, typer.Option(help="Folder of a problem that is not installed.")] = None,
    runs: Runs = DEFAULT_RUNS,
    allow_unsafe: Unsafe = False,
    as_json: Json = False,
) -> None:
    """Check a certificate against the program, the module and the problem that are here.

    Recomputes all hashes of its seal, offline, and says what holds. A seal shows that these belong together, not who made them:
    whoever can edit a certificate can seal it again. --rescore shows whether the program scores on validation what it says; only
    certifying again shows the rest. The exit code is 1 if anything does not hold.

    [bold]Examples[/bold]

      evolve verify my_rule.py
      evolve verify my_rule.certificate.json --rescore
      evolve verify total_tardiness --json
    """
    found = api.verify(what, rescore=rescore, problem=problem, runs=runs, allow_unsafe=allow_unsafe)
    if as_json:
        emit(found.to_json())
    else:
        shown = table("part", "", "what", whole="part")
        for finding in found.findings:
            shown.add_row(finding.name, finding.word.upper() if finding.holds is False else finding.word, finding.line)
        words = console()
        words.print(shown)
        words.print(f"{found.path}: {'nothing contradicts it' if found.holds else 'does not hold'}", style="bold")
    if not found.holds:
        raise typer.Exit(1)
