"""The command track."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.api import tracking as api
from workbench.cli.common import DEFAULT_RUNS, Json, Runs, emit
from workbench.cli.console import console
from workbench.loop.tracking import require


def track_(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Run ID, unambiguous part of one, or latest.")],
    to: Annotated[
        str, typer.Option("--to", metavar="mlflow[:URI]", help="The tracker; without URI, MLflow's variables say where.")
    ] = "mlflow",
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Send a recorded run to an experiment tracker, or what it has missed: figures, best candidate, report, certificate.

    [bold]Examples[/bold]

      evolve track latest
      evolve track latest --to mlflow:http://127.0.0.1:5000
    """
    require(to)
    id = api.send(runs, name, to)
    if as_json:
        emit({"run": name, "to": to, "id": id})
    else:
        console().print(f"sent as MLflow run {id}")
