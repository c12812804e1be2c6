"""Commands about this machine: doctor, ui."""

from __future__ import annotations

import importlib.util
import os
import platform
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
from workbench.sandbox import describe, probe
from workbench.store import Store

PACKAGES = ("numpy", "litellm", "optuna", "openevolve", "ortools", "pulp", "simpy", "streamlit")


def ui(
    runs: Runs = DEFAULT_RUNS,
    port: Annotated[int, typer.Option(help="Port of the dashboard.")] = 8501,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than loopback let anyone there submit programs.")
    ] = "127.0.0.1",
) -> None:
    """Open the dashboard of a runs folder."""
    if importlib.util.find_spec("streamlit") is None:
        raise UsageError("the dashboard needs the package streamlit: pip install streamlit")
    if host not in ("127.0.0.1", "localhost", "::1"):
        console(True).print(f"warning: whoever reaches {host}:{port} can submit programs and start runs", style="yellow")
    console().print(f"dashboard of {runs.resolve()}: http://{host}:{port}  (Ctrl-C ends it)")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(catalog.root()), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    command = [sys.executable, "-m", "streamlit", "run", str(catalog.root() / "ui" / "app.py"), "--server.address", host,
               "--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false",
               "--server.enableXsrfProtection", "true", "--server.enableCORS", "true",  # whatever the person's own settings say
               "--", "--runs", str(runs.resolve())]  # fmt: skip
    sys.stdout.flush()
    os.execve(command[0], command, environment)  # no process between: whoever ends this one ends the server


def doctor(runs: Runs = DEFAULT_RUNS, as_json: Json = False) -> None:
    """Say what works on this machine: isolation, packages, models, problems, the runs folder."""
    rows: list[tuple[str, bool, str]] = [("isolation", probe() == "full", f"{probe()}: {'; '.join(_lines(describe()))}")]
    rows.append(("python", sys.version_info >= (3, 11), platform.python_version()))
    rows.append(("sqlite", True, sqlite3.sqlite_version))
    for name in PACKAGES:
        try:
            rows.append((name, True, version(name)))
        except PackageNotFoundError:
            rows.append((name, False, f"missing: pip install {name}"))
    rows.append(("proposer", True, proposers.choose()[1]))
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
        shown.add_row("ok" if ok else "look", name, detail)
    console().print(shown)


def _runs_row(runs: Path) -> tuple[str, bool, str]:
    if not runs.exists():
        return "runs folder", True, f"{runs} does not exist yet; the first run makes it"
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
