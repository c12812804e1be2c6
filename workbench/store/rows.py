"""Conversion between database rows and records; the only place that knows which columns hold JSON."""

from __future__ import annotations

import dataclasses
import json
import math
import sqlite3
from typing import Any

from workbench.certificate import Certificate
from workbench.errors import StoreError
from workbench.formatting import valid
from workbench.model import Call, Candidate, Effect, Report, Seconds, Split, Status
from workbench.options import RunOptions
from workbench.store.liveness import process_alive
from workbench.store.records import (
    LIVE,
    Attempt,
    AttemptSummary,
    CertificateRecord,
    Event,
    Message,
    ModelCall,
    Origin,
    Run,
    RunSummary,
    Spending,
)
from workbench.store.texts import Texts


def insert(db: sqlite3.Connection, table: str, *, verb: str = "INSERT", **values: Any) -> int:
    """Insert a row and return its ID. Table and column names come from the code, never from input."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    cells = tuple(valid(value) if isinstance(value, str) else value for value in values.values())
    return int(db.execute(f"{verb} INTO {table} ({names}) VALUES ({marks})", cells).lastrowid or 0)


# --------------------------------------------------------------------------- runs


def _run_fields(row: sqlite3.Row) -> dict[str, Any]:
    names = "id problem folder version proposer isolation status message created heartbeat active_seconds pid champion"
    found = {name: row[name] for name in names.split()}
    found["options"], found["unknown_options"] = RunOptions.readable(json.loads(row["options"]))
    if found["status"] in LIVE and not at_work(row):
        found["status"] = "abandoned"  # killed before it could write its end
    return found


def at_work(row: sqlite3.Row) -> bool:
    """Whether the process that wrote the row of a run is still alive."""
    return row["pid"] is not None and process_alive(row["pid"], row["heartbeat"])


def run_of(row: sqlite3.Row) -> Run:
    """Return a run; a live run without its process is `abandoned`."""
    return Run(**_run_fields(row))


def summary_of(row: sqlite3.Row, attempts: int, valid: int, best_gap: float | None, spending: Spending) -> RunSummary:
    """Return a run with its totals; the row must have the champion's `validation_gap`."""
    return RunSummary(
        **_run_fields(row),
        attempts=attempts,
        valid=valid,
        best_gap=best_gap,
        validation_gap=row["validation_gap"],
        spending=spending,
    )


def spending_of(row: sqlite3.Row) -> Spending:
    """Sums over calls, by the names of the record's fields."""
    return Spending(**{field.name: row[field.name] for field in dataclasses.fields(Spending)})


# --------------------------------------------------------------------------- attempts


TRIAL, WITH_TRIAL = (
    "coalesce(t.idea, '') AS idea, t.median, t.longest, t.effect, coalesce(t.proposer, '') AS proposer",
    "LEFT JOIN trials t ON t.run = c.run AND t.number = c.number",
)
"""Columns of the table `trials`, and the join that adds them to attempts."""
_SUMMARY = tuple(field.name for field in dataclasses.fields(AttemptSummary))


def _attempt_fields(row: sqlite3.Row) -> dict[str, Any]:
    found = {name: row[name] for name in _SUMMARY if name not in ("per_instance", "effect")}
    return found | {
        "status": Status(row["status"]), "parents": tuple(json.loads(row["parents"])), "per_instance": _seconds(row),
        "effect": _effect(row),
    }  # fmt: skip


def _seconds(row: sqlite3.Row) -> Seconds | None:
    return None if row["median"] is None else Seconds(row["median"], row["longest"])


def _effect(row: sqlite3.Row) -> Effect | None:
    if row["effect"] is None:
        return None
    mean, error, helped, hurt = json.loads(row["effect"])
    return Effect(mean, math.inf if error is None else error, tuple(helped), tuple(hurt))


def trial_columns(candidate: Candidate) -> dict[str, Any]:
    """Return the columns of `trials` for an attempt."""
    effect, seconds = candidate.effect, candidate.seconds
    return {
        "idea": candidate.idea, "proposer": candidate.proposer,
        "median": seconds and seconds.median, "longest": seconds and seconds.longest,
        "effect": effect and json.dumps([effect.mean, effect.error if math.isfinite(effect.error) else None, *effect[2:]]),
    }  # fmt: skip


def attempt_summary_of(row: sqlite3.Row) -> AttemptSummary:
    """Return an attempt without its program."""
    return AttemptSummary(**_attempt_fields(row))


def attempt_of(row: sqlite3.Row, texts: Texts) -> Attempt:
    """Return an attempt with its program."""
    return Attempt(**_attempt_fields(row), program=texts.program(row))


def candidate_of(row: sqlite3.Row, texts: Texts) -> Candidate:
    """Return an attempt as the search sees it; the row must have `families`, `results` and `results_text` of train."""
    ok = row["status"] == Status.OK.value
    return Candidate(
        row["number"],
        Status(row["status"]),
        texts.program(row),
        row["operator"],
        tuple(json.loads(row["parents"])),
        row["island"],
        row["gap"] if ok else float("inf"),
        json.loads(row["families"]) if ok and row["families"] else {},
        texts.gaps(row["results"], row["results_text"]) if ok else (),
        row["message"],
        row["idea"],
        _seconds(row),
        _effect(row),
        row["printed"] or "",
        row["proposer"],
    )


# --------------------------------------------------------------------------- scores


def report_of(row: sqlite3.Row, texts: Texts) -> Report:
    """Return the report in a row of `scores` or `rechecks`."""
    results = texts.results(row)
    failure = next((r for r in results if r.status is not Status.OK), None)
    message = f"instance {failure.id}: {failure.message}" if failure else ""
    return Report(
        Split(row["split"]), Status(row["status"]), row["gap"], json.loads(row["families"]), results, message, row["seconds"],
        row["printed"] if "printed" in row.keys() else "",  # noqa: SIM118 (a row is no dict)
    )  # fmt: skip


# --------------------------------------------------------------------------- calls, messages, events, certificates


def call_of(row: sqlite3.Row, texts: Texts) -> ModelCall:
    """Return a model call with its prompt and answer."""
    asked = json.loads(row["task"])
    prompt, answer = texts.prompt_and_answer(row)
    call = Call(
        row["model"], prompt, answer, row["tokens_in"], row["tokens_out"], row["cost_usd"],
        row["seconds"], row["retries"], row["error"],
        *((row["finish"], bool(row["estimated"])) if "finish" in row.keys() else ()),  # noqa: SIM118 (a row is no dict)
    )  # fmt: skip
    origin = Origin(tuple(asked.get("parents", ())), asked.get("island"), asked.get("repairs"), asked.get("proposer", ""))
    return ModelCall(row["number"], origin, row["operator"], call, row["created"])


def origin_json(origin: Origin) -> str:
    """Serialize an origin."""
    return json.dumps({"parents": origin.parents, "island": origin.island, "repairs": origin.repairs, "proposer": origin.proposer})


def message_of(row: sqlite3.Row) -> Message:
    """Return a control message."""
    return Message(row["id"], row["command"], row["argument"], row["created"], row["acknowledged"], row["answer"])


def event_of(row: sqlite3.Row) -> Event:
    """Return a log entry."""
    return Event(row["id"], row["created"], row["kind"], row["message"])


def certificate_of(row: sqlite3.Row) -> CertificateRecord:
    """Return a certificate with its evidence.

    Raises
    ------
    StoreError
        The certificate was written by a version of evolve whose format this one cannot read.
    """
    try:
        raw = json.loads(row["evidence"])
        certificate = Certificate.from_json(raw)
    except ValueError as error:
        raise StoreError(f"certificate {row['id']} of {row['name']} cannot be read: {error}") from error
    return CertificateRecord(row["id"], row["run"], row["number"], row["name"], row["created"], certificate, raw)
