"""Commands by which coding agents and people propose: open, next, submit, give-up, history, skill."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from workbench.api import agents
from workbench.api.agents import skill
from workbench.cli.common import DEFAULT_RUNS, Json, Runs, emit, table
from workbench.cli.console import console
from workbench.errors import UsageError
from workbench.formatting import Measure, measure_of, percent, points
from workbench.loop.messages import SECONDS
from workbench.model import Status
from workbench.store import Reader

app = typer.Typer(help="Propose programs yourself, or let a coding agent: take a ticket, submit a program.", no_args_is_help=True)

Session = Annotated[str, typer.Argument(metavar="RUN", help="Run ID, unambiguous part of one, or latest.")]
Author = Annotated[str, typer.Option(help="Name under which programs are recorded.")]
Wait = Annotated[float, typer.Option(help="How long to wait for an answer, in seconds.")]


@app.command("open")
def open_(
    problem: Annotated[str, typer.Argument(help="Problem ID, unambiguous suffix, or folder.")],
    attempts: Annotated[int, typer.Option("--attempts", "-n", help="Number of programs that can be submitted.")] = 50,
    strategy: Annotated[str, typer.Option(help="How the search selects the programs to improve.")] = "",
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    tune_trials: Annotated[
        int, typer.Option(help="Optuna trials for a new best program that declares TUNABLE, which count as one attempt.")
    ] = 0,
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Open a session: a run that waits for programs, in a process of its own.

    [bold]Example[/bold]

      evolve agent open eplb --attempts 20 --json
    """
    options = [f"--seed={seed}", f"--tune-trials={tune_trials}", *([f"--strategy={strategy}"] if strategy else [])]
    run = agents.open_session(problem, attempts=attempts, runs=runs, options=options)
    if as_json:
        emit({"run": run})
    else:
        console().print(f"{run} waits for programs; take the first ticket with: evolve agent next {run}")


@app.command("next")
def next_(
    run: Session,
    author: Author = agents.session.AUTHOR,
    minutes: Annotated[float, typer.Option(help="For how long the ticket is valid; then someone else gets it.")] = SECONDS / 60,
    wait: Wait = 60.0,
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Take a ticket: print what is asked for, with the program to improve and what was tried.

    [bold]Example[/bold]

      evolve agent next latest --json
    """
    ticket = agents.take_ticket(run, author=author, seconds=60 * minutes, wait=wait, runs=runs)
    if as_json:
        emit(asdict(ticket))
    else:
        words = console()
        words.print(ticket.prompt, markup=False, highlight=False)
        words.print(f"\nticket {ticket.ticket} ({ticket.kind}), attempt {ticket.number}; answer it with:")
        words.print(f"evolve agent submit {run} FILE --ticket {ticket.ticket}")
        if ticket.held:
            words.print(f"{author} has not answered {', '.join(ticket.held)}: submit, or evolve agent give-up {run} TICKET")


@app.command("submit")
def submit(
    run: Session,
    file: Annotated[Path, typer.Argument(help="The whole program; - reads it from standard input.")],
    ticket: Annotated[str, typer.Option(help="The ticket that it answers; without one it is an attempt of its own.")] = "",
    idea: Annotated[str, typer.Option(help="What it changes and why, in one line; others will read it.")] = "",
    parent: Annotated[
        int | None, typer.Option("--from", help="Number of the attempt that it was made from, if not the one of its ticket.")
    ] = None,
    author: Author = "",
    tokens: Annotated[int | None, typer.Option(help="Tokens that it took to write, if known.")] = None,
    cost_usd: Annotated[float | None, typer.Option(help="What that cost in dollars, if known.")] = None,
    instances: Annotated[bool, typer.Option("--instances", help="Also print the gap on each train instance.")] = False,
    wait: Wait = 900.0,
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Submit a program, and print what became of it on train.

    [bold]Example[/bold]

      evolve agent submit latest rule.py --ticket 1f2e3d4c5b6a7988 --idea "ties go to the shorter job" --json
    """
    found = agents.submit(
        run,
        _read(file),
        idea=idea,
        ticket=ticket,
        parent=parent,
        author=author,
        tokens=tokens,
        cost_usd=cost_usd,
        wait=wait,
        runs=runs,
    )
    if as_json:
        emit(asdict(found))
        return
    measure = _measure(run, runs)
    what = f"train {measure.word} {measure.value(found.gap)}" if found.gap is not None else found.message
    if found.difference is not None:
        noise = " (within noise)" if found.within_noise and not measure.note else ""
        apart = measure.difference(found.difference) if measure.note else f"{100 * found.difference:+.2f} points"
        what += f", {apart} against the program it was made from{noise}"
    words = console()
    words.print(f"attempt {found.candidate}: {Status(found.status).value}, {what}; {found.left} left", markup=False)
    if measure.note:
        words.print(measure.note)
    if instances and found.instances and not measure.note:
        (words if words.is_terminal else console(width=10_000)).print(_by_instance(found))
    if not found.left:
        words.print(f"the run ends with its last attempt and chooses the best candidate on validation: evolve show {run}")


def _measure(run: str, runs: Path) -> Measure:
    with Reader(runs) as store:
        return measure_of(store.run(run).problem)


def _by_instance(found: agents.Submitted) -> Table:
    columns = ("gap", "made from", "difference", "baseline")
    shown = table("instance", "class", *columns, right=" ".join(columns), whole="instance gap difference")
    for one in found.instances:
        apart = "" if one.parent is None else points(one.gap - one.parent)
        shown.add_row(one.id, one.family, percent(one.gap), percent(one.parent), apart, percent(one.best_baseline))
    return shown


@app.command("give-up")
def give_up(
    run: Session,
    ticket: Annotated[str, typer.Argument(help="The ticket.")],
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Return a ticket unanswered, so that someone else gets it."""
    agents.give_up(run, ticket, runs=runs)
    if as_json:
        emit({"given_back": ticket})
    else:
        console().print(f"{ticket}: given back")


@app.command("history")
def history(run: Session, runs: Runs = DEFAULT_RUNS, as_json: Json = False) -> None:
    """Print all attempts of a session: number, status, gap on train, idea.

    The program of one: evolve show RUN --candidate NUMBER.
    """
    attempts = agents.history(run, runs=runs)
    if as_json:
        emit([asdict(a) for a in attempts])
        return
    words, measure = console(), _measure(run, runs)
    if measure.note:
        words.print(measure.note)
    for a in attempts:
        shown = measure.value(a.gap) if a.gap is not None else a.status
        words.print(f"{a.number:5d}  {shown:>12}  {a.idea or a.message}", markup=False, highlight=False)


@app.command("skill")
def skill_(
    write: Annotated[Path, typer.Option("--write", metavar="DIR", help="Folder for SKILL.md and AGENTS.md.")],
    as_json: Json = False,
) -> None:
    """Write down for coding agents how to propose here, as they read it: SKILL.md, and a section of AGENTS.md.

    [bold]Example[/bold]

      evolve agent skill --write .claude/skills/evolve
    """
    files = skill.write(write)
    if as_json:
        emit({"files": [str(path) for path in files]})
    else:
        console().print("\n".join(map(str, files)), markup=False)


def _read(file: Path) -> str:
    try:
        return typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
