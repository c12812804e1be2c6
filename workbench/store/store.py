"""One SQLite database (WAL) per runs folder: runs, attempts, model calls, control messages and events."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

from workbench.errors import StoreError, UsageError
from workbench.formatting import valid
from workbench.model import Call, Candidate, Report, Split, Status
from workbench.options import RunOptions
from workbench.store.migrations import MIGRATIONS, add_functions, migrate, version
from workbench.store.records import LIVE, WAITING, AttemptSummary, Event, Message, ModelCall, Origin, Run, RunSummary, Spending
from workbench.store.rows import (
    TRIAL,
    WITH_TRIAL,
    at_work,
    attempt_summary_of,
    call_of,
    candidate_of,
    event_of,
    insert,
    message_of,
    origin_json,
    report_of,
    run_of,
    spending_of,
    summary_of,
    trial_columns,
)
from workbench.store.texts import Texts

FILE = "evolve.db"
REMARK = "remark"
LESSONS = "lessons"
"""Kind of the log entries that tell of one candidate."""
UNPRICED = "cost_usd IS NULL AND (error = '' OR tokens_out > 0)"
"""SQL: a call that used tokens and whose price is unknown."""
ESTIMATES = 6
"""Layout from which on it is kept which tokens are estimates; a folder that was last written before has none."""
_CANDIDATE = (
    f"SELECT c.*, {TRIAL}, s.families AS families, s.results AS results, s.text AS results_text, s.printed AS printed "
    f"FROM candidates c {WITH_TRIAL} LEFT JOIN scores s ON s.run = c.run AND s.number = c.number AND s.split = 'train' "
)


class Store:
    """A runs folder. Rows are appended; only the row of a run, acknowledgements of messages, and scores evaluated again change.

    Commits survive the death of the process; a power cut loses at most the last ones (WAL mode with synchronous=NORMAL).
    Any number of processes can read while a run writes.

    Parameters
    ----------
    folder
        The runs folder; created if `write` is set.
    write
        False: open the database read-only; nothing is created, migrated or changed.
    """

    def __init__(self, folder: Path | str, *, write: bool = True) -> None:
        self.folder = Path(folder)
        self.path = self.folder / FILE
        self._lock = threading.RLock()
        if write:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"the runs folder {self.folder} cannot be made: {error.strerror}; choose another with --runs"
                ) from error
            if not os.access(self.folder, os.W_OK):
                raise StoreError(f"the runs folder {self.folder} is not writable; choose another with --runs")
        elif not self.path.exists():
            raise self._without_runs()
        self._db = self._connect(write)
        self._texts = Texts(self.path, self._rows, self._keep)

    def _connect(self, write: bool) -> sqlite3.Connection:
        connection = None
        try:
            target = f"file:{self.path.resolve().as_uri()[7:]}?mode={'rwc' if write else 'ro'}"
            connection = sqlite3.connect(target, uri=True, timeout=30, isolation_level=None, check_same_thread=False)
            _set_up(connection)
            if strange := connection.execute("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchone():
                raise StoreError(f"{self.path} holds {strange[0]!r}, which evolve never makes; name another folder with --runs")
            if write:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                migrate(connection)
            found = version(connection)
            if found > len(MIGRATIONS):
                raise StoreError(f"{self.path} was written by a newer version of evolve (layout {found}); update evolve")
            if not write and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise self._without_runs()  # it is being made
            connection.execute("SELECT count(*) FROM runs").fetchone()
            if found < len(MIGRATIONS):
                connection = _upgraded(connection)
        except sqlite3.DatabaseError as error:
            if connection:
                connection.close()
            raise self._broken(error, write) from error
        return connection

    def _without_runs(self) -> StoreError:
        return StoreError(f"no runs in {self.folder}; start one with: evolve run, or name another folder with --runs")

    def _broken(self, error: sqlite3.DatabaseError, write: bool) -> StoreError:
        text = str(error)
        if not ("not a database" in text or "malformed" in text or "no such table" in text):
            return StoreError(f"{self.path} cannot be used: {text}")
        if not write or "no such table" in text:
            return StoreError(
                f"{self.path} is no readable run database ({text}); it is left as it is. Name another folder with --runs"
            )
        aside = self.path.with_name(f"{FILE}.corrupt-{time.strftime('%Y%m%d-%H%M%S')}")
        for suffix in ("", "-wal", "-shm"):
            part = Path(f"{self.path}{suffix}")
            if part.exists():
                part.rename(f"{aside}{suffix}")
        return StoreError(
            f"{self.path} is no readable run database ({text}); it was kept aside as {aside.name}. The next run starts a new one"
        )

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise StoreError(f"{self.path} cannot be written: {error}; what was acknowledged before is kept") from error
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise StoreError(f"{self.path} cannot be read: {error}") from error

    def _keep(self, data: bytes) -> int:
        with self._transaction() as db:
            return _insert_text(db, data)

    # ------------------------------------------------------------------ runs

    def create_run(
        self, id: str, *, problem: str, folder: str, version: str, options: RunOptions, proposer: str, isolation: str
    ) -> None:
        """Record a new run, `running` in this process."""
        now = time.time()
        with self._transaction() as db:
            insert(
                db, "runs", id=id, problem=problem, folder=folder, version=version, options=json.dumps(options.to_json()),
                proposer=proposer, isolation=isolation, status="running", created=now, heartbeat=now, pid=os.getpid(),
            )  # fmt: skip

    def claim(self, run: str, options: RunOptions, isolation: str, proposer: str | None = None) -> None:
        """Take over an ended or abandoned run in this process, to resume it.

        Raises
        ------
        UsageError
            It is still running elsewhere.
        """
        with self._transaction() as db:
            row = db.execute("SELECT status, pid, heartbeat FROM runs WHERE id = ?", (run,)).fetchone()
            if row["status"] in LIVE and at_work(row):
                raise UsageError(f"run {run} is still running (process {row['pid']}); stop it first with: evolve stop {run}")
            db.execute(
                "UPDATE runs SET status = 'running', message = '', pid = ?, heartbeat = ?, options = ?, isolation = ?, "
                "proposer = coalesce(?, proposer) WHERE id = ?",
                (os.getpid(), time.time(), json.dumps(options.to_json()), isolation, proposer, run),
            )
            _append_event(db, run, "resumed", f"by process {os.getpid()}")

    def heartbeat(self, run: str, *, active_seconds: float, status: str = "running", message: str = "") -> None:
        """Record that the run is alive, its running time over all resumptions, and the reason if it is paused."""
        with self._transaction() as db:
            db.execute(
                "UPDATE runs SET heartbeat = ?, active_seconds = ?, status = ?, message = ? WHERE id = ?",
                (time.time(), active_seconds, status, valid(message), run),
            )

    def end_run(self, run: str, status: str, message: str, active_seconds: float) -> None:
        """Record how a run ended: `done`, `stopped` or `failed`."""
        with self._transaction() as db:
            db.execute(
                "UPDATE runs SET status = ?, message = ?, active_seconds = ?, heartbeat = ?, pid = NULL WHERE id = ?",
                (status, valid(message), active_seconds, time.time(), run),
            )

    def set_champion(self, run: str, number: int) -> None:
        """Record the champion of a run."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET champion = ? WHERE id = ?", (number, run))

    def run(self, name: str) -> Run:
        """Return a run by its ID, an unambiguous part of it, or `latest`.

        Raises
        ------
        UsageError
            No run or several runs match.
        """
        if name == "latest":
            rows = self._rows("SELECT * FROM runs ORDER BY created DESC, rowid DESC LIMIT 1")
        else:
            rows = self._rows("SELECT * FROM runs WHERE id = ?", name) or [
                row for row in self._rows("SELECT * FROM runs ORDER BY created DESC") if name and name in row["id"]
            ]
        if not rows:
            raise UsageError(f"no run {name!r} in {self.folder}; list them with: evolve list")
        if len(rows) > 1:
            raise UsageError(f"{name!r} fits several runs: {', '.join(r['id'] for r in rows[:5])}")
        return run_of(rows[0])

    def runs(self) -> list[RunSummary]:
        """Return all runs, newest first, with their counts, costs and best gaps."""
        rows = self._rows(
            f"""
            SELECT r.*, coalesce(c.attempts, 0) AS attempts, coalesce(c.valid, 0) AS valid, c.best_gap,
                   k.*, v.gap AS validation_gap
            FROM runs r
            LEFT JOIN (SELECT run, sum(operator != 'seed') AS attempts,
                       sum(status IN ('ok', 'behind') AND operator != 'seed') AS valid,
                       min(gap) AS best_gap FROM candidates GROUP BY run) c ON c.run = r.id
            LEFT JOIN (SELECT run AS paid_by, {self._sums()} FROM calls GROUP BY run) k ON k.paid_by = r.id
            LEFT JOIN scores v ON v.run = r.id AND v.number = r.champion AND v.split = 'validation'
            ORDER BY r.created DESC, r.rowid DESC
            """
        )
        return [
            summary_of(row, row["attempts"], row["valid"], row["best_gap"], spending_of(row) if row["calls"] else Spending())
            for row in rows
        ]

    def summary(self, name: str) -> RunSummary:
        """Return a run by any name that `run` takes, with its counts, cost and best gaps.

        Raises
        ------
        UsageError
            No run or several runs match.
        """
        id = self.run(name).id
        return next(row for row in self.runs() if row.id == id)

    # ------------------------------------------------------------------ attempts

    def add_call(self, run: str, number: int, origin: Origin, operator: str, call: Call) -> None:
        """Record a model call before its answer is used: it is paid for."""
        with self._lock:
            told = self._texts.of_call(run, number, origin.parents, call)
            with self._transaction() as db:
                text = _insert_text(db, told.packed.data)
                insert(
                    db, "calls", run=run, number=number, task=origin_json(origin), operator=operator, model=call.model,
                    system="", user="", response="", text=text, tokens_in=call.tokens_in, tokens_out=call.tokens_out,
                    cost_usd=call.cost_usd, seconds=call.seconds, retries=call.retries, error=call.error, finish=call.finish,
                    estimated=int(call.estimated), created=time.time(),
                )  # fmt: skip
            self._texts.remember(told, text)

    def add_candidate(
        self,
        run: str,
        candidate: Candidate,
        *,
        turn: int = 0,
        report: Report | None = None,
        fingerprint: str | None = None,
        repairs: int | None = None,
    ) -> None:
        """Record an attempt, and its train report if it has one, in one transaction.

        `turn` is the order in which its answer was processed, `repairs` the failed attempt that it repairs.
        """
        program = candidate.program
        with self._lock:
            written = self._texts.of_program(run, candidate.number, candidate.parents, program.source) if program else None
            results = self._texts.of_report(run, candidate.number, candidate.parents, report) if report else None
            with self._transaction() as db:
                text = _insert_text(db, written.packed.data) if written else None
                insert(
                    db, "candidates", run=run, number=candidate.number, status=candidate.status.value, operator=candidate.operator,
                    parents=json.dumps(candidate.parents), turn=turn, island=candidate.island, repairs=repairs,
                    entry=program and program.entry, text=text, characters=written and written.characters,
                    fingerprint=fingerprint, message=candidate.message,
                    gap=candidate.gap if candidate.status is Status.OK else None,
                    seconds=report.seconds if report else 0.0, created=time.time(),
                )  # fmt: skip
                if candidate.idea or candidate.seconds or candidate.proposer:
                    insert(db, "trials", run=run, number=candidate.number, **trial_columns(candidate))
                judged = _insert_score(db, run, candidate.number, report, results.packed.data) if report and results else None
            self._texts.remember(written, text)
            self._texts.remember(results, judged)

    def add_score(self, run: str, number: int, report: Report) -> None:
        """Store a report on another split; it replaces an earlier one of that split."""
        with self._lock:
            results = self._texts.of_report(run, number, (), report)
            with self._transaction() as db:
                _insert_score(db, run, number, report, results.packed.data)

    def candidates(self, run: str) -> list[Candidate]:
        """Return all attempts of a run, in the order in which they were recorded."""
        return [candidate_of(row, self._texts) for row in self._rows(_CANDIDATE + "WHERE c.run = ? ORDER BY c.id", run)]

    def candidate(self, run: str, number: int) -> Candidate:
        """Return an attempt.

        Raises
        ------
        UsageError
            No such attempt.
        """
        rows = self._rows(_CANDIDATE + "WHERE c.run = ? AND c.number = ?", run, number)
        if not rows:
            raise UsageError(f"run {run} has no candidate {number}")
        return candidate_of(rows[0], self._texts)

    def attempts(self, run: str) -> list[AttemptSummary]:
        """Return all attempts without their programs, in the order in which they were recorded."""
        rows = self._rows(
            "SELECT c.number, turn, status, operator, parents, island, repairs, fingerprint, gap, message, seconds, created, "
            f"{TRIAL} FROM candidates c {WITH_TRIAL} WHERE c.run = ? ORDER BY id",
            run,
        )
        return [attempt_summary_of(row) for row in rows]

    def report(self, run: str, number: int, split: Split) -> Report | None:
        """Return a stored report; None if the attempt was not evaluated on this split."""
        rows = self._rows("SELECT * FROM scores WHERE run = ? AND number = ? AND split = ?", run, number, split.value)
        return report_of(rows[0], self._texts) if rows else None

    def gaps(self, run: str, split: Split) -> dict[int, float]:
        """Return the gap of every attempt whose status on a split is ok."""
        rows = self._rows("SELECT number, gap FROM scores WHERE run = ? AND split = ? AND status = 'ok'", run, split.value)
        return {row["number"]: row["gap"] for row in rows}

    def reports(self, run: str, split: Split) -> Iterator[tuple[int, Report]]:
        """Yield number and report of every attempt whose status on a split is ok, one at a time: all may be too many to hold."""
        query = "SELECT * FROM scores WHERE run = ? AND split = ? AND status = 'ok' AND number > ? ORDER BY number LIMIT 100"
        last = -1
        while rows := self._rows(query, run, split.value, last):
            last = rows[-1]["number"]
            yield from ((row["number"], report_of(row, self._texts)) for row in rows)

    def calls(self, run: str) -> list[ModelCall]:
        """Return all model calls of a run, oldest first, with prompts and answers."""
        return [call_of(row, self._texts) for row in self._rows("SELECT * FROM calls WHERE run = ? ORDER BY id", run)]

    def spending(self, run: str) -> Spending:
        """Return totals over the model calls of a run."""
        return spending_of(self._rows(f"SELECT {self._sums()} FROM calls WHERE run = ?", run)[0])

    def unpriced(self, run: str) -> dict[str, Spending]:
        """Return totals over the calls of a run whose price is unknown, by model."""
        rows = self._rows(f"SELECT model, {self._sums()} FROM calls WHERE run = ? AND {UNPRICED} GROUP BY model", run)
        return {row["model"]: spending_of(row) for row in rows}

    def _sums(self) -> str:
        estimated = "sum(estimated)" if version(self._db) >= ESTIMATES else "0"
        return (
            "count(*) AS calls, coalesce(sum(tokens_in), 0) AS tokens_in, coalesce(sum(tokens_out), 0) AS tokens_out, "
            f"coalesce(sum(cost_usd), 0.0) AS dollars, coalesce(sum({UNPRICED}), 0) AS unpriced, "
            f"coalesce({estimated}, 0) AS estimated"
        )

    # ------------------------------------------------------------------ control and events

    def send(self, run: str, command: str, argument: str = "") -> int:
        """Send a control message to a run and return its ID."""
        with self._transaction() as db:
            return insert(db, "control", run=run, command=command, argument=argument, created=time.time())

    def messages(self, run: str, *, pending: bool = True) -> list[Message]:
        """Return the control messages of a run, oldest first."""
        where = "AND acknowledged IS NULL" if pending else ""
        return [message_of(row) for row in self._rows(f"SELECT * FROM control WHERE run = ? {where} ORDER BY id", run)]

    def message(self, id: int) -> Message:
        """Return one control message."""
        return message_of(self._rows("SELECT * FROM control WHERE id = ?", id)[0])

    def acknowledge(self, message: int, answer: str) -> None:
        """Record that the run has handled a message."""
        with self._transaction() as db:
            db.execute("UPDATE control SET acknowledged = ?, answer = ? WHERE id = ?", (time.time(), valid(answer), message))

    def ask_again(self, run: str) -> None:
        """Have the programs read again that were injected into a run and not evaluated before it ended."""
        with self._transaction() as db:
            db.execute(
                "UPDATE control SET acknowledged = NULL, answer = '' WHERE run = ? AND command = 'inject' AND answer = ?",
                (run, WAITING),
            )

    def log(self, run: str, kind: str, message: str) -> None:
        """Append to the log of a run."""
        with self._transaction() as db:
            _append_event(db, run, kind, message)

    def events(self, run: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """Return the newest events of a run after an event ID, oldest first."""
        query = "SELECT * FROM events WHERE run = ? AND id > ? AND kind != ? ORDER BY id DESC LIMIT ?"
        rows = self._rows(query, run, after, LESSONS, limit)
        return [event_of(row) for row in reversed(rows)]

    def remark(self, run: str, number: int, words: str) -> None:
        """Append to the log what was noticed about a candidate, besides its scores."""
        self.log(run, REMARK, f"candidate {number}: {words}")

    def remarks(self, run: str) -> list[tuple[int, str]]:
        """Return what was noticed about candidates, oldest first: number and words."""
        rows = self._rows("SELECT message FROM events WHERE run = ? AND kind = ? ORDER BY id", run, REMARK)
        found = (re.fullmatch(r"candidate (\d{1,9}): (.*)", row["message"]) for row in rows)
        return [(int(match[1]), match[2]) for match in found if match]

    def keep_lessons(self, run: str, lessons: Mapping[int, str]) -> None:
        """Append to the log how the lessons of a playbook stand now."""
        self.log(run, LESSONS, json.dumps({str(number): words for number, words in lessons.items()}))

    def lessons(self, run: str) -> dict[int, str]:
        """Return the lessons of a run as they stood last, by number."""
        rows = self._rows("SELECT message FROM events WHERE run = ? AND kind = ? ORDER BY id DESC LIMIT 1", run, LESSONS)
        try:
            return {int(number): str(words) for number, words in json.loads(rows[0]["message"]).items()} if rows else {}
        except (ValueError, AttributeError):
            return {}

    def resumed(self, run: str) -> float:
        """Return when a run was last resumed; 0 if it never was."""
        return float(self._rows("SELECT coalesce(max(created), 0) FROM events WHERE run = ? AND kind = 'resumed'", run)[0][0])


def _set_up(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA trusted_schema = OFF")  # the folder may come from anyone
    add_functions(connection)


def _upgraded(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return a copy in memory with the newest layout; a folder opened read-only keeps its own layout."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    with closing(connection):
        connection.backup(copy)
    _set_up(copy)
    migrate(copy)
    return copy


def _insert_text(db: sqlite3.Connection, data: bytes) -> int:
    return insert(db, "texts", data=data)


def _append_event(db: sqlite3.Connection, run: str, kind: str, message: str) -> None:
    insert(db, "events", run=run, created=time.time(), kind=kind, message=message)


def _insert_score(db: sqlite3.Connection, run: str, number: int, report: Report, results: bytes) -> int:
    text = _insert_text(db, results)
    insert(
        db, "scores", verb="INSERT OR REPLACE", run=run, number=number, split=report.split.value, status=report.status.value,
        gap=report.gap, families=json.dumps(report.families), seconds=report.seconds, results="", text=text,
        printed=report.printed if report.split is Split.TRAIN else "",
    )  # fmt: skip
    return text
