"""Commands that show runs: list, show."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table

from workbench.analysis.makers import Division, chosen_by, divisions
from workbench.cli import fronts
from workbench.cli.common import DEFAULT_RUNS, Json, Runs, emit, table
from workbench.cli.console import console
from workbench.errors import WorkbenchError
from workbench.formatting import GAP, Measure, dollars, labelled, last_line, measure_of, percent, visible
from workbench.model import Candidate, Effect, Report, Seconds, Split, Status
from workbench.problem import catalog
from workbench.problem.gap import mean_gap
from workbench.store import AttemptSummary, Event, Outcome, Reader, Run, RunSummary, Store, outcome
from workbench.values import NOT_VERIFIED, is_unverified


def baseline_lines(loaded: catalog.LoadedProblem, gap: float | None) -> list[str]:
    """Return the validation gaps of the baselines, best first, with `gap` ranked among them."""
    titles = {b.name: b.title for b in loaded.problem.baselines}
    gaps = sorted((mean_gap(loaded.references.families(name, Split.VALIDATION)), name) for name in titles)
    lines = ["baselines by validation gap (0 is the reference):"]
    marked = gap is None
    for value, name in gaps:
        if not marked and gap is not None and gap < value:
            lines.append(f"  {percent(gap):>9}  <- this run")
            marked = True
        lines.append(f"  {percent(value):>9}  {name} ({titles[name]})")
    return lines if marked else [*lines, f"  {percent(gap):>9}  <- this run"]


def list_(runs: Runs = DEFAULT_RUNS, as_json: Json = False) -> None:
    """List the runs, newest first."""
    with Store(runs, write=False) as store:
        rows = store.runs()
    if as_json:
        emit([_row(row) for row in rows])
        return
    words = console()
    if not rows:
        words.print("no runs yet; start one with: evolve demo")
        return
    _print_list(rows, words)
    if any(is_unverified(row.problem) for row in rows):
        words.print(f"* {NOT_VERIFIED}; higher is better", style="dim", highlight=False)
    versions: dict[str, set[str]] = {}
    for row in rows:
        versions.setdefault(row.problem, set()).add(row.version)
    for problem, several in versions.items():
        if len(several) > 1:
            words.print(
                f"note: runs of {problem} have {len(several)} versions of it; their gaps are not comparable: evolve recheck --all"
            )


def _print_list(rows: Sequence[RunSummary], words: Console) -> None:
    """Print one line per run: a narrow terminal gets fewer columns, and no run ID is ever wrapped."""
    columns = ["run", "status", "train", "validation", "attempts", "cost", "valid", "proposer"]
    cells = [
        {"run": row.id, "status": row.status, "train": _listed(row, row.best_gap), "validation": _listed(row, row.validation_gap),
         "attempts": str(row.attempts), "cost": dollars(row.spending.cost_usd, model=row.uses_model),
         "valid": f"{row.valid / row.attempts:.0%}" if row.attempts else "-", "proposer": row.proposer}
        for row in rows
    ]  # fmt: skip
    room = words.width if words.is_terminal else 10_000
    needed = {name: 2 + max(len(name), *(len(visible(row[name])) for row in cells)) for name in columns}
    while len(columns) > 2 and sum(needed[name] for name in columns) > room:
        columns.pop()
    shown = table(*columns, right="attempts valid train validation cost", whole="run")
    for row in cells:
        shown.add_row(*(row[name] for name in columns))
    console(width=max(room, sum(needed[name] for name in columns))).print(shown)


def _listed(row: RunSummary, gap: float | None) -> str:
    shown = measure_of(row.problem)
    return f"{'score ' if shown.note else ''}{shown.value(gap)}{'*' if shown.note else ''}"


def _row(row: RunSummary) -> Any:
    return labelled(row.problem, _plain_row(row))


def _plain_row(row: RunSummary) -> dict[str, Any]:
    return {
        "run": row.id,
        "problem": row.problem,
        "version": row.version,
        "status": row.status,
        "message": row.message,
        "proposer": row.proposer,
        "isolation": row.isolation,
        "created": row.created,
        "candidates": row.attempts,
        "valid": row.valid,
        "best_train_gap": row.best_gap,
        "champion": row.champion,
        "validation_gap": row.validation_gap,
        "calls": row.spending.calls,
        "cost_usd": row.spending.cost_usd,
        "seconds": row.active_seconds,
    }


def show(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Run ID, unambiguous part of one, or latest.")],
    candidate: Annotated[int | None, typer.Argument(help="Number of an attempt (default: the best candidate).")] = None,
    tried: Annotated[int, typer.Option("--attempts", help="List the last N attempts instead: idea, result, difference.")] = 0,
    front: Annotated[bool, typer.Option("--front", help="List the Pareto fronts instead: gap against CPU time and more.")] = False,
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Show a run and its best candidate, or one attempt: code, lineage, gaps.

    [bold]Examples[/bold]

      evolve show latest
      evolve show latest 117
      evolve show latest --attempts 40
      evolve show latest --front
    """
    if front:
        fronts.show(name, runs, as_json=as_json)
        return
    with Reader(runs) as store:
        row = store.run(name)
        found = outcome(store, row.id)
        attempts = store.attempts(row.id)
        number = row.champion if candidate is None else candidate
        chosen = None if number is None else store.candidate(row.id, number)
        reports = {} if number is None else {s.value: store.report(row.id, number, s) for s in Split}
        kept = None if number is None else store.certificate(row.id, number)
        events = store.events(row.id, limit=10)
        lessons = store.lessons(row.id)
        noticed = [words for of, words in store.remarks(row.id) if of == number]
        divided = divisions(store, row)
    statuses = Counter(a.status for a in attempts if a.operator != "seed")
    steps = [] if number is None else lineage({a.number: a for a in attempts}, number)
    if as_json:
        detail = None if chosen is None else _detail(chosen, reports, steps)
        if detail is not None:
            detail["noticed"] = noticed
            detail["certificate"] = None if kept is None else kept.certificate.to_json() | {"created": kept.created}
        more: dict[str, Any] = {
            "folder": found.folder, "message": found.message, "proposer": found.proposer, "options": row.settings(),
            "version": row.version, "statuses": dict(statuses), "candidate": detail, "lessons": list(lessons.values()),
        }  # fmt: skip
        kinds = {"proposer": "proposers", "strategy": "strategies"}
        more |= {kinds[division.kind]: division.to_json() for division in divided}
        if tried:
            more["attempts"] = [_attempt(row, a) for a in attempts[-tried:]]
        emit(labelled(row.problem, found.to_json() | more))
        return
    words, shown = console(), measure_of(row.problem)
    if tried:
        _print_attempts(row, attempts[-tried:], words)
        return
    _print_head(row, found, statuses, words)
    for division in divided:
        (words if words.is_terminal else console(width=10_000)).print(_shares(division))
    if chosen is not None:
        words.print(
            f"\ncandidate {chosen.number} ({chosen.operator}): {chosen.status} {chosen.message}".rstrip(),
            style="bold",
            markup=False,
        )
        for line in _about(chosen, noticed, shown):
            words.print(f"  {line}", markup=False)
        for split, report in reports.items():
            if report:
                words.print(f"  {split:<11}{shown.value(report.gap):>9}  {_beside(shown, report)}", markup=False)
        if shown.note:
            words.print(f"  {shown.note}; higher is better")
        if kept is not None:
            made = kept.certificate
            words.print(f"  certificate (version {made.version}): {made.verdict.words}: {made.reason}", markup=False)
            words.print(f"  {made.origin}", markup=False)
        say_printed(chosen.printed, words)
        words.print("  lineage: " + " -> ".join(f"{s.number} {s.operator} {shown.value(s.gap)}" for s in steps), markup=False)
        if chosen.program:
            words.print(Syntax(visible(chosen.program.source), "python", background_color="default"))
    _print_log(lessons, events, words)


def _print_log(lessons: Mapping[int, str], events: Sequence[Event], words: Console) -> None:
    if lessons:
        words.print("playbook (what became of attempts that saw a lesson, and of the others):")
        for lesson in lessons.values():
            words.print(f"  {lesson}", markup=False)
    for event in events:
        clock = time.strftime("%H:%M:%S", time.localtime(event.created))
        words.print(f"{clock}  {event.message}", style="dim")


def say_printed(text: str, words: Console) -> None:
    """Print the end of what a program printed on train, a line each."""
    if text.strip():
        words.print("  the end of what it printed on train:")
        for line in visible(text).strip("\n").split("\n"):
            words.print(f"  | {line}", markup=False, highlight=False)


def _print_head(row: Run, found: Outcome, statuses: Counter[Status], words: Console) -> None:
    started = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.created))
    words.print(f"{row.id}  {found.status}  {row.problem} (version {row.version})", style="bold")
    words.print(f"started {started}, {found.seconds:.0f} s, {row.proposer}, isolation {row.isolation}{row.options.elsewhere}")
    if found.message:
        words.print(found.message)
    now, note = _version_now(row)
    if note:
        words.print(f"note: {note}")
    if now not in ("", row.version):
        words.print(
            f"the problem has changed since (now version {now}); evaluate the best candidate again: evolve recheck {row.id}"
        )
    words.print(f"{found.attempts} attempts: " + ", ".join(f"{n} {s}" for s, n in statuses.most_common()))


def _shares(division: Division) -> Table:
    shown = table(*division.columns, right=" ".join(division.columns[2:]))
    for cells in division.rows:
        shown.add_row(*map(escape, cells))
    return shown


def _beside(shown: Measure, report: Report) -> str:
    """Return the gaps of instance classes, or the metrics of a foreign task."""
    if not shown.note:
        return ", ".join(f"{family} {percent(gap)}" for family, gap in report.families.items())
    return ", ".join(f"{name} {value:.6g}" for result in report.results for name, value in result.metrics.items())


def _about(chosen: Candidate, noticed: Sequence[str], shown: Measure) -> list[str]:
    """Return idea, difference to the parent with times, and what was noticed, a line each."""
    idea = f"idea: {chosen.idea}" if chosen.idea else ""
    return [
        line for line in (idea, against_parent(chosen.effect, chosen.seconds, shown), *(f"it {words}" for words in noticed)) if line
    ]


def against_parent(effect: Effect | None, seconds: Seconds | None, shown: Measure = GAP) -> str:
    """Return the difference to the parent with its standard error, and the time per instance, in one line."""
    parts = []
    if effect:
        noise = " (within noise)" if effect.within_noise and not shown.note else ""
        parts.append(f"against its parent on train: {shown.with_error(effect.mean, effect.error)}{noise}")
    if seconds:
        per = "" if shown.note else f" per instance, longest {seconds.longest:.2g} s"
        parts.append(f"{seconds.median:.2g} s{per}{' of CPU in the evaluator' if shown.note else ''}")
    return "; ".join(parts)


def _print_attempts(row: Run, attempts: Sequence[AttemptSummary], words: Console) -> None:
    several = row.options.strategy == "portfolio"
    measure = measure_of(row.problem)
    shown = table(
        "no.",
        "from",
        *(["strategy"] if several else []),
        "operator",
        "train",
        "difference",
        "longest",
        "idea or reason",
        right="no. from train difference longest",
        whole="strategy difference longest",
    )
    for a in attempts:
        effect, seconds = a.effect, a.per_instance
        noise = " ~" if effect and effect.within_noise and not measure.note else ""
        difference = measure.with_error(effect.mean, effect.error) + noise if effect else ""
        reason = "" if a.status is Status.OK else f"{a.status}: {last_line(a.message)}"
        shown.add_row(
            str(a.number), "" if a.parent is None else str(a.parent),
            *([escape(chosen_by(row, a.island, a.operator))] if several else []),
            a.operator, measure.value(a.gap), difference,
            f"{seconds.longest:.2g} s" if seconds else "", escape(" | ".join(filter(None, (a.idea, reason)))),
        )  # fmt: skip
    words.print(shown)
    words.print(
        f"{measure.note}; higher is better" if measure.note else "~ within noise: less than two standard errors", style="dim"
    )


def _attempt(row: Run, a: AttemptSummary) -> dict[str, Any]:
    return {
        "strategy": chosen_by(row, a.island, a.operator),
        "number": a.number, "parent": a.parent, "proposer": a.proposer, "operator": a.operator, "status": a.status.value,
        "gap": a.gap, "idea": a.idea, "message": a.message, "effect": a.effect.to_json() if a.effect else None,
        "seconds": a.per_instance._asdict() if a.per_instance else None,
    }  # fmt: skip


def _version_now(row: Run) -> tuple[str, str]:
    """Current version of the problem of a run, or an empty string and why it cannot be loaded."""
    try:
        return catalog.load_recorded(row.folder, row.problem).version, ""
    except WorkbenchError as error:
        return "", str(error)


def _detail(chosen: Candidate, reports: Mapping[str, Report | None], steps: list[AttemptSummary]) -> dict[str, Any]:
    scored = {split: report for split, report in reports.items() if report}
    return {
        "number": chosen.number,
        "status": chosen.status,
        "operator": chosen.operator,
        "proposer": chosen.proposer,
        "parents": chosen.parents,
        "message": chosen.message,
        "printed": chosen.printed,
        "source": chosen.program.source if chosen.program else None,
        "lineage": [{"number": s.number, "operator": s.operator, "gap": s.gap} for s in steps],
        "splits": {s: {"gap": r.gap, "status": r.status, "families": dict(r.families)} for s, r in scored.items()},
    }


def lineage(attempts: Mapping[int, AttemptSummary], number: int) -> list[AttemptSummary]:
    """Return the attempts from the initial program to `number` along main parents."""
    steps: list[AttemptSummary] = []
    at: int | None = number
    while at is not None and at in attempts and len(steps) < 10_000:
        steps.append(attempts[at])
        at = attempts[at].parent
    return steps[::-1]
