"""The commands doctor and ui."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import sqlite3
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from workbench import proposers
from workbench.cli.common import DEFAULT_RUNS, Json, Runs, emit, table
from workbench.cli.console import console
from workbench.errors import UsageError, WorkbenchError
from workbench.problem import catalog
from workbench.proposers import local_model
from workbench.sandbox import describe, probe
from workbench.store import Store

PACKAGES = ("numpy", "litellm", "optuna", "openevolve", "ortools", "pulp", "simpy", "streamlit")


LOOPBACK = ("127.0.0.1", "localhost", "::1")


def ui(
    runs: Runs = DEFAULT_RUNS,
    port: Annotated[int, typer.Option(help="Port of the dashboard.")] = 8501,
    host: Annotated[str, typer.Option(help="Address to listen on; the default accepts this machine only.")] = "127.0.0.1",
    name: Annotated[
        list[str] | None, typer.Option(help="Additional host name, or NAME:PORT, of the dashboard, e.g. of a proxy; repeatable.")
    ] = None,
    token: Annotated[bool, typer.Option("--token/--no-token", help="Require the secret token of the printed address.")] = True,
) -> None:
    """Open the dashboard of a runs folder.

    The printed address contains a token, new at every start unless EVOLVE_UI_TOKEN sets one. Anybody who has it can start
    runs, submit programs and read everything in the dashboard.
    """
    if importlib.util.find_spec("streamlit") is None:
        raise UsageError("the dashboard needs the package streamlit: pip install streamlit")
    for other in name or []:
        if not re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:[0-9]{1,5})?", other):
            raise UsageError(f"--name {other}: a name or NAME:PORT as it stands in the browser's address, without http://")
    if not token:
        console(True).print(
            f"warning: without a token, anybody who can reach port {port}, including every user of this machine, can start runs "
            "and read everything in the dashboard", style="yellow",
        )  # fmt: skip
    if host not in LOOPBACK:
        console(True).print(
            f"warning: {host} accepts other machines, and the connection is not encrypted: the token can be read on the network "
            f"(safer: ssh -L {port}:127.0.0.1:{port} THIS_MACHINE, without --host)", style="yellow",
        )  # fmt: skip
    command = [sys.executable, "-P", str(catalog.root() / "ui" / "server.py"), "--runs", str(runs.resolve()),
               "--host", host, "--port", str(port), *(f"--name={other}" for other in name or []),
               *([] if token else ["--no-token"])]  # fmt: skip
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(catalog.root()), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    sys.stdout.flush()
    os.execve(command[0], command, environment)  # replaces this process, so that ending it ends the server


def doctor(runs: Runs = DEFAULT_RUNS, as_json: Json = False) -> None:
    """Check this machine's setup: isolation, packages, models, problems, runs folder."""
    rows: list[tuple[str, bool, str]] = [("isolation", probe() == "full", f"{probe()}: {'; '.join(_lines(describe()))}")]
    rows.append(("python", sys.version_info >= (3, 11), platform.python_version()))
    rows.append(("sqlite", True, sqlite3.sqlite_version))
    for name in PACKAGES:
        try:
            rows.append((name, True, version(name)))
        except PackageNotFoundError:
            rows.append((name, False, f"missing: pip install {name}"))
    rows.append(("proposer", True, proposers.choose()[1]))
    rows.append(("local model", True, local_model.status()))
    for slug in catalog.slugs():
        try:
            loaded = catalog.load(slug)
            rows.append((slug, bool(loaded.references.ranking), f"version {loaded.version}"))
        except WorkbenchError as error:
            rows.append((slug, False, str(error)))
    rows.append(_runs_row(runs))
    if as_json:
        emit(
            {
                "ok": all(ok for _, ok, _ in rows),
                "isolation": probe(),
                "checks": [{"name": n, "ok": ok, "detail": d} for n, ok, d in rows],
            }
        )
        return
    shown = table("", "", "")
    for name, ok, detail in rows:
        shown.add_row("ok" if ok else "FAIL", name, detail)
    console().print(shown)


def _runs_row(runs: Path) -> tuple[str, bool, str]:
    if not runs.exists():
        return "runs folder", True, f"{runs} does not exist yet; the first run creates it"
    try:
        with Store(runs, write=False) as store:
            count, size = len(store.runs()), store.path.stat().st_size
    except WorkbenchError as error:
        return "runs folder", "no runs in" in str(error), str(error)
    return "runs folder", os.access(runs, os.W_OK), f"{runs}: {count} runs, {size / 1e6:.1f} MB"


def _lines(text: object) -> list[str]:
    if isinstance(text, dict):
        return [f"{name} {value}" for name, value in text.items()]
    return [str(t) for t in text] if isinstance(text, list | tuple) else [line for line in str(text).splitlines() if line.strip()]
