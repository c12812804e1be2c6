"""Commands that control a run: stop, pause, continue, steer, inject."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.api.detached import wait_for_answer
from workbench.api.loading import problem_of
from workbench.api.showing import Silent
from workbench.cli.common import DEFAULT_RUNS, Json, OwnProblem, Runs, emit
from workbench.cli.console import console
from workbench.errors import UsageError
from workbench.formatting import valid
from workbench.loop import start
from workbench.model import Status
from workbench.problem.given import program_of
from workbench.program.idea import shortened
from workbench.store import Store, injected

Run = Annotated[str, typer.Argument(metavar="RUN", help="Run ID, unambiguous part of one, or latest.")]


def stop(name: Run, runs: Runs = DEFAULT_RUNS) -> None:
    """Stop a run after the candidates in progress."""
    _send(name, runs, "stop")


def pause(name: Run, runs: Runs = DEFAULT_RUNS) -> None:
    """Pause a run."""
    _send(name, runs, "pause")


def continue_(name: Run, runs: Runs = DEFAULT_RUNS) -> None:
    """Continue a paused run."""
    _send(name, runs, "resume")


def steer(
    name: Run,
    text: Annotated[str, typer.Argument(help="What the model should try or avoid.")],
    next_: Annotated[
        int | None, typer.Option("--next", help="Number of attempts to send it with (default: all that follow).")
    ] = None,
    runs: Runs = DEFAULT_RUNS,
) -> None:
    """Add a message to the prompts of a run.

    [bold]Example[/bold]

      evolve steer latest "use the slack of the remaining jobs" --next 20
    """
    _send(name, runs, "steer", json.dumps({"text": valid(text), "next": next_}))


def inject(
    name: Run,
    file: Annotated[Path, typer.Argument(help="A program for the run's problem.")],
    idea: Annotated[str, typer.Option(help="What it changes and why, in one line.")] = "",
    wait: Annotated[float, typer.Option(help="How long to wait for the result, in seconds.")] = 120.0,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for the result.")] = False,
    problem: OwnProblem = None,
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Add your own program to a run, as a candidate and possible parent, and print its number and score.

    If the run has ended, the program is evaluated now and recorded as its next attempt.

    [bold]Example[/bold]

      evolve inject latest my_rule.py --idea "weigh the slack by the square root of the queue"
    """
    words = console(as_json)
    with Store(runs) as store:
        row = store.run(name)
        loaded = problem_of(row, problem)
        source = program_of(loaded, str(file)).source
        if row.live:
            message = store.send(row.id, "inject", injected(source, shortened(idea)))
            answer = None if no_wait else wait_for_answer(store, row.id, message, wait)
        else:
            answer = None
    if not row.live:
        answer = start.inject(row.id, runs, Silent(), source, shortened(idea), loaded=loaded)
    done = answer is not None and not answer.waiting
    said = answer.answer if answer and done else "sent; the run has not evaluated it yet"
    if as_json:
        emit({"run": row.id, "evaluated": done, "answer": said} | (_attempt(runs, row.id, said) if done else {}))
    else:
        words.print(f"{row.id}: {said}")


def _attempt(runs: Path, run: str, answer: str) -> dict[str, Any]:
    """The attempt that an answer names, if any."""
    found = re.match(r"attempt (\d+):", answer)
    if not found:
        return {}
    with Store(runs, write=False) as store:
        made = store.candidate(run, int(found[1]))
    return {"number": made.number, "status": made.status, "gap": made.gap if made.status is Status.OK else None,
            "message": made.message}  # fmt: skip


def _send(name: str, runs: Path, command: str, argument: str = "") -> None:
    with Store(runs) as store:
        row = store.run(name)
        if not row.live:
            raise UsageError(f"run {row.id} is not running ({row.status})")
        store.send(row.id, command, argument)
    console().print(f"{command}: sent to {row.id}")
