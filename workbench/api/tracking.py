"""What an MLflow server is told of a run: options, figures over attempts, best candidate, report, certificate."""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import UsageError, WorkbenchError
from workbench.store import Reader, RunSummary
from workbench.system.redact import redactor

POLL, RETRY = 5.0, 60.0
"""Seconds between looks at the store, and between tries while the server is down."""
_RUN, _SENT, _CHAMPION = "evolve.run", "evolve.sent", "evolve.champion"
"""Tags: the run, the last attempt whose figures were sent, the best candidate that was sent."""
_ENDS = {"done": "FINISHED", "stopped": "KILLED", "failed": "FAILED", "abandoned": "KILLED"}
_SECRET = ("headers", "extra_body", "proposer_options", "api_base", "track")
"""Options that may hold a secret, or a place that is nobody else's business."""
_BATCH, _LONGEST = 500, 500
"""Figures in a request, and characters of a parameter, which every server takes."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands at the server: its ID there and what it was told before."""

    id: str
    sent: int
    champion: int | None


class Sender:
    """Sends a run; each call of `send` adds what is new. Figures are named after the attempt that they belong to (`step`).

    Parameters
    ----------
    to
        `mlflow`: where MLflow's environment variables say; `mlflow:URI`: there.
    """

    def __init__(self, store: Reader, run: str, to: str) -> None:
        # A server that is down is told soon; who set these has reasons.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # nobody asked for that
        from mlflow import MlflowClient

        self._store, self._run = store, run
        self._client = MlflowClient(tracking_uri=to.partition(":")[2] or None)
        self._standing: Standing | None = None
        self._best = float("inf")

    def send(self, *, last: bool) -> str:
        """Send what is new; with `last`, also how the run ended, the report, and the certificate if there is one.

        Returns
        -------
        The run's ID at the server.
        """
        row = self._store.summary(self._run)
        standing = self._standing or self._open(row)
        self._standing = standing = self._send_figures(row, standing)
        if row.champion is not None and row.champion != standing.champion:
            program = self._store.candidate(row.id, row.champion).program
            self._client.log_text(standing.id, program.source if program else "", "champion.py")
            self._client.set_tag(standing.id, _CHAMPION, str(row.champion))
            self._standing = standing = Standing(standing.id, standing.sent, row.champion)
        if last:
            self._send_files(row, standing)
            if row.status in _ENDS:
                self._client.set_terminated(standing.id, _ENDS[row.status])
        return standing.id

    def _open(self, row: RunSummary) -> Standing:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or row.problem
        experiment = os.environ.get("MLFLOW_EXPERIMENT_ID") or self._experiment(name)
        found = self._client.search_runs([experiment], f"tags.`{_RUN}` = '{row.id}'", max_results=1)
        parameters = dict(_parameters(row))
        if found:
            id, tags, known = found[0].info.run_id, found[0].data.tags, found[0].data.params
            self._client.update_run(id, status="RUNNING")
            for name, value in parameters.items():
                if known.get(name) != value:  # a parameter is given once
                    self._client.set_tag(id, f"resumed.{name}", value)
        else:
            tags = {_RUN: row.id, "mlflow.note.content": f"{row.problem}, {row.proposer}"}
            id = self._client.create_run(experiment, int(row.created * 1000), tags, row.id).info.run_id
            for some in _batches(parameters.items(), 100):
                self._client.log_batch(id, params=[_parameter(*one) for one in some])
        sent = int(tags.get(_SENT, 0))
        before = (p.gap for p in self._store.points(row.id, self._store.mark(row.id)) if p.id <= sent and p.gap is not None)
        self._best = min(before, default=float("inf"))
        champion = tags.get(_CHAMPION)
        return Standing(id, sent, int(champion) if champion else None)

    def _experiment(self, name: str) -> str:
        from mlflow.exceptions import MlflowException

        if (found := self._client.get_experiment_by_name(name)) is not None:
            return str(found.experiment_id)
        try:
            return str(self._client.create_experiment(name))
        except MlflowException:
            if (found := self._client.get_experiment_by_name(name)) is None:  # not made by another run meanwhile
                raise
            return str(found.experiment_id)

    def _send_figures(self, row: RunSummary, standing: Standing) -> Standing:
        from mlflow.entities import Metric

        mark = self._store.mark(row.id)
        new = sorted(self._store.points(row.id, mark, standing.sent)) if mark.last > standing.sent else []
        if not new:
            return standing
        figures = []
        for point in new:
            if point.gap is not None and point.gap < self._best:
                self._best = point.gap
                figures.append(Metric("best_gap", point.gap, int(point.created * 1000), point.number))
        step, now = max(point.number for point in new), int(time.time() * 1000)
        spent = row.spending
        told = {"best_gap": row.best_gap, "validation_gap": row.validation_gap, "attempts": row.attempts, "valid": row.valid}
        if spent.calls:
            told |= {"cost_usd": spent.cost_usd, "tokens": spent.tokens_in + spent.tokens_out}
        figures += [Metric(name, float(value), now, step) for name, value in told.items() if value is not None]
        for some in _batches(figures, _BATCH):
            self._client.log_batch(standing.id, metrics=some)
        self._client.set_tag(standing.id, _SENT, str(mark.last))
        return Standing(standing.id, mark.last, standing.champion)

    def _send_files(self, row: RunSummary, standing: Standing) -> None:
        from workbench.report.page import gather, render

        if row.champion is not None and (record := self._store.certificate(row.id, row.champion)):
            self._client.log_dict(standing.id, dict(record.raw), "certificate.json")
            self._client.set_tag(standing.id, "evolve.verdict", record.certificate.verdict.value)
        self._client.log_text(standing.id, render(self._store, gather(self._store, row.id)), "report.html")


def send(runs: Path, name: str, to: str) -> str:
    """Send a recorded run, or what a server has missed of it, and return the run's ID there.

    Raises
    ------
    UsageError
        No such run; or the server cannot be reached, or refuses.
    """
    with contextlib.closing(Reader(runs)) as store:
        run = store.run(name).id
        try:
            return Sender(store, run, to).send(last=True)
        except WorkbenchError:
            raise
        except Exception as error:  # of MLflow, of its HTTP client, of a database
            raise UsageError(f"{to} was not told of the run: {reason(error)}") from error


def reason(error: Exception) -> str:
    """What an error says, in one line without secrets."""
    said = " ".join(str(error).split()) or type(error).__name__
    where = os.environ.get("MLFLOW_TRACKING_URI", "")
    said = redactor(os.environ, ("MLFLOW_TRACKING_URI",) if "@" in where else ())(said)
    return said if len(said) <= 300 else f"{said[:297]}..."


def follow(runs: Path, run: str, to: str) -> None:
    """Send a run while it goes on, until standard input is closed; print what its user should know, a line each."""
    down, missed, tried = False, "", -RETRY
    with contextlib.closing(Reader(runs)) as store:
        sender: Sender | None = None
        ended = False
        while not ended:
            ended = bool(select.select([sys.stdin], [], [], POLL)[0])
            if down and not ended and time.monotonic() - tried < RETRY:
                continue
            tried = time.monotonic()
            try:
                sender = sender or Sender(store, run, to)
                sender.send(last=ended)
                if down:
                    print(f"{to} answers again; what it missed was sent", flush=True)
                down = False
            except Exception as error:  # whatever it is, the run goes on
                missed = reason(error)
                if not down and not ended:
                    print(f"{to} cannot be told of this run ({missed}); the run goes on, and it is tried again", flush=True)
                down = True
    if down:
        print(f"{to} was not told of the whole run ({missed}); send it: evolve track {run} --to {to}", flush=True)


def _parameters(row: RunSummary) -> Iterable[tuple[str, str]]:
    told: Mapping[str, Any] = {"problem": row.problem, "version": row.version, "isolation": row.isolation} | row.options.to_json()
    for name, value in told.items():
        if value not in (None, "", (), {}) and name not in _SECRET:
            yield name, (value if isinstance(value, str) else json.dumps(value))[:_LONGEST]


def _parameter(name: str, value: str) -> Any:
    from mlflow.entities import Param

    return Param(name, value)


def _batches(items: Iterable[Any], size: int) -> Iterable[list[Any]]:
    every = list(items)
    return (every[k : k + size] for k in range(0, len(every), size))


if __name__ == "__main__":
    os.nice(10)
    follow(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
