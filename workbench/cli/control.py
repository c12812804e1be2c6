"""Commands that control a running run: stop, pause, continue, steer, inject."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from workbench.api.loading import problem_of
from workbench.cli.common import DEFAULT_RUNS, OwnProblem, Runs
from workbench.cli.console import console
from workbench.errors import UsageError
from workbench.formatting import valid
from workbench.problem.given import program_of
from workbench.store import Store

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
    problem: OwnProblem = None,
    runs: Runs = DEFAULT_RUNS,
) -> None:
    """Add your own program to a run, as a candidate and possible parent."""
    with Store(runs) as store:
        row = store.run(name)
    source = program_of(problem_of(row, problem), str(file)).source
    _send(name, runs, "inject", source)


def _send(name: str, runs: Path, command: str, argument: str = "") -> None:
    with Store(runs) as store:
        row = store.run(name)
        if not row.live:
            raise UsageError(f"run {row.id} is not running ({row.status})")
        store.send(row.id, command, argument)
    console().print(f"{command}: sent to {row.id}")
