"""The command eval."""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from typing import Annotated, Any

import typer
from rich.console import Console

from workbench.api.judging import evaluate_on, split_of
from workbench.api.loading import load
from workbench.cli.common import Isolation, Json, Unsafe, emit, table
from workbench.cli.console import console
from workbench.cli.show import say_printed
from workbench.errors import ProgramRefused
from workbench.formatting import counted, labelled, measure_of, percent, points, visible
from workbench.model import InstanceResult, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.sandbox import probe
from workbench.state import usage
from workbench.values import scored

_RESULT = ("id", "family", "status", "objective", "reference", "gap", "message")


def eval_(
    problem: Annotated[str, typer.Argument(help="Problem ID, unambiguous suffix, or folder.")],
    file: Annotated[str, typer.Argument(help="A Python file, or the name of one of the problem's programs.")],
    split: Annotated[
        list[str] | None,
        typer.Option(help="train or validation (default: validation); repeatable. Only certify may use test and stress."),
    ] = None,
    instances: Annotated[bool, typer.Option("--instances", help="Print a table with one row per instance.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start a new process for every instance.")] = False,
    allow_unsafe: Unsafe = False,
    isolation: Isolation = None,
    as_json: Json = False,
    each: Annotated[bool, typer.Option("--each", help="With --json: also print each instance as soon as it is scored.")] = False,
) -> None:
    """Evaluate a program on a split, with the sandbox and verifier of a run. The exit code is 1 if the program fails.

    [bold]Examples[/bold]

      evolve eval total_tardiness mdd
      evolve eval total_tardiness my_rule.py --split train --split validation --instances
      evolve eval total_tardiness my_rule.py --json
    """
    words = console(as_json)
    loaded = load(problem)
    wanted = [split_of(name) for name in split or [Split.VALIDATION]]
    done = 0

    def count(where: Split, result: InstanceResult) -> None:
        nonlocal done
        done += 1
        if each and as_json:
            emit(_fields(loaded, where, result))
        if words.is_terminal:
            words.print(f"  {done}/{sum(len(loaded.instances(s)) for s in dict.fromkeys(wanted))}", end="\r")

    try:
        reports = evaluate_on(loaded, file, wanted, fresh=fresh, allow_unsafe=allow_unsafe, isolation=isolation, on_result=count)
    except ProgramRefused as error:
        if as_json:
            emit({"status": Status.REJECTED, "gap": None, "message": str(error)})
        sys.stderr.write(visible(f"error: {error}") + "\n")
        raise typer.Exit(1) from error
    if as_json:
        found = [_to_json(loaded, report, isolation or probe()) for report in reports]
        failed = next((f for f in found if f["status"] is not Status.OK), found[0])
        emit(found[0] if len(found) == 1 else {"status": failed["status"], "message": failed["message"], "splits": found})
    else:
        for report in reports:
            _say(loaded, report, words, instances)
        if Split.VALIDATION in wanted:
            say_uses(loaded, words)
    if any(report.status is not Status.OK for report in reports):
        raise typer.Exit(1)


def _say(loaded: LoadedProblem, report: Report, words: Console, instances: bool) -> None:
    measure = measure_of(loaded.slug)
    result = "no score" if measure.note and report.status is not Status.OK else f"{measure.word} {measure.value(report.gap)}"
    words.print(f"{loaded.slug} {report.split}: {report.status}, {result} in {report.seconds:.2f} s", style="bold")
    if measure.note:
        words.print(measure.note)
    for line in _failures(report):
        words.print(line)
    if cpu := _cpu(report):
        words.print(f"CPU time per instance: median {cpu['median']:.3g} s, longest {cpu['longest']:.3g} s on {cpu['on']}")
    if metrics := _metrics(report):
        whose = "metrics" if measure.note else "mean of the verifier's metrics"
        words.print(f"{whose}: " + ", ".join(f"{name} {value:.6g}" for name, value in metrics.items()))
    for line in loaded.references.beaten(report.split, report.results)[:1]:
        words.print(f"better than what is proven to be best, so the verifier or the reference is at fault: {line}")
    if not measure.note:
        _by_class(loaded, report, words)
    say_printed(report.printed, words)
    if instances and not measure.note:
        _print_instances(loaded, report, words)


def _by_class(loaded: LoadedProblem, report: Report, words: Console) -> None:
    shown = table("class", "gap", *(name for name, _ in loaded.references.ranking), right=" ".join(["gap", *loaded.programs]))
    by_baseline = [loaded.references.families(name, report.split) for name, _ in loaded.references.ranking]
    for family, gap in report.families.items():
        shown.add_row(family, percent(gap), *(percent(b[family]) for b in by_baseline))
    words.print(shown)
    if smoke := _smoke(report):
        words.print(f"must be answered, but not in the gap: {', '.join(smoke)}")


def _smoke(report: Report) -> list[str]:
    """Instance classes that do not count in the gap."""
    counted = scored(report.families)
    return [family for family in report.families if family not in counted]


def _failures(report: Report) -> list[str]:
    """Describe the failures of a report, each kind once, the most frequent first."""
    failed = [r for r in report.results if r.status is not Status.OK]
    kinds = Counter((r.status, r.message) for r in failed)
    lines = []
    for (status, message), times in kinds.most_common(5):
        first = next(r.id for r in failed if (r.status, r.message) == (status, message))
        where = f"instance {first}" if times == 1 else f"{times} of {len(report.results)} instances, the first {first}"
        lines.append(f"{status} on {where}: {message}")
    return lines + ([f"and {len(kinds) - 5} other failures"] if len(kinds) > 5 else [])


def _print_instances(loaded: LoadedProblem, report: Report, words: Console) -> None:
    best = loaded.references.ranking[0][0] if loaded.references.ranking else ""
    theirs = loaded.references.gaps(best, report.split) if best else {}
    columns = ("gap", *((best, "difference") if best else ()), "objective", "reference", "CPU")
    shown = table("instance", "class", "status", *columns, right=" ".join(columns), whole=f"instance {' '.join(columns)}")
    for r in report.results:
        compared = (percent(theirs[r.id]), points(r.gap - theirs[r.id])) if best else ()
        numbers = (_number(r.objective), _number(r.reference), _number(r.seconds, 2))
        shown.add_row(r.id, r.family, r.status, percent(r.gap), *compared, *numbers)
    (words if words.is_terminal else console(width=10_000)).print(shown)


def _number(value: float | None, digits: int = 7) -> str:
    return "–" if value is None else f"{value:.{digits}g}"


def _cpu(report: Report) -> dict[str, Any] | None:
    """Median and longest CPU time of the instances that were answered, and the instance with the longest."""
    known = [(r.seconds, r.id) for r in report.results if r.status is Status.OK]
    if not known:
        return None
    longest, on = max(known)
    return {"median": statistics.median(seconds for seconds, _ in known), "longest": longest, "on": on}


def _metrics(report: Report) -> dict[str, float]:
    """Mean of each of the verifier's metrics over the instances that have it."""
    values: dict[str, list[float]] = {}
    for result in report.results:
        for name, value in result.metrics.items():
            values.setdefault(name, []).append(float(value))
    return {name: statistics.fmean(found) for name, found in values.items()}


def say_uses(loaded: LoadedProblem, words: Console) -> None:
    """Print how often validation was used for this version of a problem."""
    uses = usage.validation_uses(loaded.slug, loaded.version)
    if uses.times:
        times, programs = counted(uses.times, "time"), counted(uses.programs, "program")
        words.print(
            f"validation was used {times}, for {programs}, for this problem version: each use makes a lucky result more likely"
        )


def _to_json(loaded: LoadedProblem, report: Report, isolation: str) -> Any:
    return labelled(loaded.slug, _plain(loaded, report, isolation))


def _plain(loaded: LoadedProblem, report: Report, isolation: str) -> dict[str, Any]:
    return {
        "split": report.split,
        "status": report.status,
        "gap": report.gap,
        "message": report.message,
        "families": dict(report.families),
        "smoke": _smoke(report),
        "seconds": report.seconds,
        "cpu_seconds": _cpu(report),
        "metrics": _metrics(report),
        "printed": report.printed,
        "better_than_proven": loaded.references.beaten(report.split, report.results),
        "validation_uses": usage.validation_uses(loaded.slug, loaded.version).times,
        "isolation": isolation,
        "instances": [_fields(loaded, report.split, result) for result in report.results],
    }


def _fields(loaded: LoadedProblem, split: Split, result: InstanceResult) -> dict[str, Any]:
    ranking = loaded.references.ranking
    best = {"name": ranking[0][0], "gap": loaded.references.gaps(ranking[0][0], split)[result.id]} if ranking else None
    fields = {name: getattr(result, name) for name in _RESULT} | {"cpu_seconds": result.seconds}
    return fields | {"metrics": dict(result.metrics), "best_baseline": best, "split": split}
