"""The command eval."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from workbench.api.judging import evaluate, split_of
from workbench.api.loading import load
from workbench.cli.common import Isolation, Json, Unsafe, emit, table
from workbench.cli.console import console
from workbench.formatting import percent
from workbench.model import InstanceResult, Split
from workbench.sandbox import probe
from workbench.state import usage

_RESULT = ("id", "family", "status", "objective", "reference", "gap", "message", "seconds")


def eval_(
    problem: Annotated[str, typer.Argument(help="Problem ID, unambiguous suffix, or folder.")],
    file: Annotated[str, typer.Argument(help="A Python file, or the name of one of the problem's programs.")],
    split: Annotated[str, typer.Option(help="train or validation; only certify may use test and stress.")] = "validation",
    fresh: Annotated[bool, typer.Option("--fresh", help="Start a new process for every instance.")] = False,
    allow_unsafe: Unsafe = False,
    isolation: Isolation = None,
    as_json: Json = False,
    each: Annotated[bool, typer.Option("--each", help="With --json: also print each instance as soon as it is scored.")] = False,
) -> None:
    """Evaluate a program on a split, with the sandbox and verifier of a run.

    [bold]Examples[/bold]

      evolve eval total_tardiness mdd
      evolve eval total_tardiness my_rule.py --split train --json
    """
    words = console(as_json)
    loaded = load(problem)
    wanted = split_of(split)
    instances = loaded.instances(wanted)
    done = 0

    def count(result: InstanceResult) -> None:
        nonlocal done
        done += 1
        if each and as_json:
            emit(_fields(result))
        if words.is_terminal:
            words.print(f"  {done}/{len(instances)}", end="\r")

    report = evaluate(loaded, file, wanted, fresh=fresh, allow_unsafe=allow_unsafe, isolation=isolation, on_result=count)
    uses = usage.validation_uses(loaded.slug, loaded.version)
    if as_json:
        emit(
            {
                "status": report.status,
                "gap": report.gap,
                "message": report.message,
                "families": dict(report.families),
                "seconds": report.seconds,
                "validation_uses": uses.times,
                "isolation": isolation or probe(),
                "instances": [_fields(result) for result in report.results],
            }
        )
        return
    words.print(f"{loaded.slug} {wanted}: {report.status}, gap {percent(report.gap)} in {report.seconds:.2f} s", style="bold")
    if report.message:
        words.print(report.message)
    shown = table("class", "gap", *(name for name, _ in loaded.references.ranking), right=" ".join(["gap", *loaded.programs]))
    by_baseline = [loaded.references.families(name, wanted) for name, _ in loaded.references.ranking]
    for family, gap in report.families.items():
        shown.add_row(family, percent(gap), *(percent(b[family]) for b in by_baseline))
    words.print(shown)
    if wanted is Split.VALIDATION and uses.times:
        times, programs = _counted(uses.times, "time"), _counted(uses.programs, "program")
        words.print(
            f"validation was used {times}, for {programs}, for this problem version: each use makes a lucky result more likely"
        )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _fields(result: InstanceResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in _RESULT}
