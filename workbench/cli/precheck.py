"""The command precheck."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from workbench.api.loading import load
from workbench.api.prechecking import precheck
from workbench.certificate import Check
from workbench.cli.certify import stages
from workbench.cli.common import Isolation, Json, ProblemBeside, ProblemOrFile, Unsafe, emit, problem_and_file
from workbench.cli.console import console
from workbench.cli.evaluate import say_uses
from workbench.formatting import percent
from workbench.model import Split
from workbench.state import usage


def precheck_(
    of: ProblemOrFile,
    program: Annotated[
        str | None, typer.Argument(metavar="FILE", help="A Python file, or the name of one of the problem's programs.")
    ] = None,
    problem: ProblemBeside = None,
    simplify: Annotated[
        bool, typer.Option("--simplify", help="Also say what could be left out, which takes longest and decides nothing.")
    ] = False,
    allow_unsafe: Unsafe = False,
    isolation: Isolation = None,
    as_json: Json = False,
) -> None:
    """Check a program as certify does, as far as train and validation can tell. The exit code is 1 if a check fails.

    Compares the program with every baseline on validation, and checks determinism, reach, instances in another form,
    recognition, growth of time and memory, and sensitivity to constants; each is printed as soon as it is known, and the whole
    may take some minutes. It counts as one use of validation. Test, robustness tests and fresh instances are judged by evolve
    certify alone; for fresh robustness instances: evolve gate.

    [bold]Examples[/bold]

      evolve precheck total_tardiness my_rule.py
      evolve precheck total_tardiness my_rule.py --json
    """
    words = console(as_json)
    named, file = problem_and_file("evolve precheck", of, program, problem)
    loaded = load(named)

    def show(check: Check) -> None:
        words.print(f"  {check.word.upper() if check.passed is False else check.word:<10}  {check.line}")

    with stages(words) as progress:
        found = precheck(
            loaded, file, allow_unsafe=allow_unsafe, isolation=isolation, on_progress=progress, on_check=show, simplify=simplify
        )
    if as_json:
        emit(found.to_json() | {"validation_uses": usage.validation_uses(loaded.slug, loaded.version).times})
    else:
        counts = Counter(check.word for check in found.checks)
        told = ", ".join(f"{counts[word]} {word}" for word in ("passed", "failed", "not judged"))
        gaps = ", ".join(f"{split} gap {percent(found.gaps[split])}" for split in (Split.TRAIN, Split.VALIDATION))
        words.print(f"{found.problem}: {told}; {gaps}", style="bold")
        say_uses(loaded, words)
    if not found.passed:
        raise typer.Exit(1)
