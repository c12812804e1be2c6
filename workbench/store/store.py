"""The only door to runs/: one SQLite database (WAL) of runs, attempts, model calls, control messages and events."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from workbench.errors import StoreError, UsageError
from workbench.model import Call, Candidate, InstanceResult, Program, Prompt, Report, Split, Status
from workbench.options import RunOptions
from workbench.store.migrations import MIGRATIONS, migrate, version

FILE = "evolve.db"
STALE_SECONDS = 30.0
"""A running run whose heartbeat is older than this is looked at twice."""

LIVE = ("running", "paused")
_CANDIDATE = (
    "SELECT c.*, s.families AS families, s.results AS results FROM candidates c "
    "LEFT JOIN scores s ON s.run = c.run AND s.number = c.number AND s.split = 'train' "
)


class Store:
    """One runs folder. Everything is appended; only a run's own row and control acknowledgements change.

    A commit is durable against the death of the process (and, in WAL mode with synchronous=NORMAL, loses at most the
    last commits on a power cut). Reading while a run writes works from any number of processes.

    Parameters
    ----------
    folder
        The runs folder; made when `write` is set.
    write
        False opens the database read-only: nothing is created, migrated or changed.
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
            raise StoreError(f"no runs in {self.folder}; start one with: evolve run, or name another folder with --runs")
        self._db = self._connect(write)

    def _connect(self, write: bool) -> sqlite3.Connection:
        connection = None
        try:
            target = f"file:{self.path.resolve().as_uri()[7:]}?mode={'rwc' if write else 'ro'}"
            connection = sqlite3.connect(target, uri=True, timeout=30, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            if write:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                migrate(connection)
            found = version(connection)
            if found > len(MIGRATIONS):
                raise StoreError(f"{self.path} was written by a newer version of evolve (layout {found}); update evolve")
            connection.execute("SELECT count(*) FROM runs").fetchone()
        except sqlite3.DatabaseError as error:
            if connection:
                connection.close()
            raise self._broken(error, write) from error
        return connection

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

    # ------------------------------------------------------------------ runs

    def create_run(
        self, id: str, *, problem: str, folder: str, version: str, options: Mapping[str, Any], proposer: str, isolation: str
    ) -> None:
        """Begin a run; it is `running` and belongs to this process."""
        now = time.time()
        with self._transaction() as db:
            insert(
                db, "runs", id=id, problem=problem, folder=folder, version=version, options=json.dumps(options),
                proposer=proposer, isolation=isolation, status="running", created=now, heartbeat=now, pid=os.getpid(),
            )  # fmt: skip

    def claim(self, run: str, options: Mapping[str, Any], isolation: str) -> None:
        """Make an ended or abandoned run this process's own, to resume it.

        Raises
        ------
        UsageError
            When it is still going on elsewhere.
        """
        with self._transaction() as db:
            row = db.execute("SELECT status, pid, heartbeat FROM runs WHERE id = ?", (run,)).fetchone()
            if row["status"] in LIVE and alive(row):
                raise UsageError(f"run {run} is still going on (process {row['pid']}); stop it first with: evolve stop {run}")
            db.execute(
                "UPDATE runs SET status = 'running', message = '', pid = ?, heartbeat = ?, options = ?, isolation = ? WHERE id = ?",
                (os.getpid(), time.time(), json.dumps(options), isolation, run),
            )
            _append_event(db, run, "resumed", f"by process {os.getpid()}")

    def beat(self, run: str, *, active_seconds: float, status: str = "running") -> None:
        """Show that the run is alive, and how long it has worked over all its sittings."""
        with self._transaction() as db:
            db.execute(
                "UPDATE runs SET heartbeat = ?, active_seconds = ?, status = ? WHERE id = ?",
                (time.time(), active_seconds, status, run),
            )

    def end_run(self, run: str, status: str, message: str, active_seconds: float) -> None:
        """Write how a run ended: `done`, `stopped` or `failed`."""
        with self._transaction() as db:
            db.execute(
                "UPDATE runs SET status = ?, message = ?, active_seconds = ?, heartbeat = ?, pid = NULL WHERE id = ?",
                (status, message, active_seconds, time.time(), run),
            )

    def crown(self, run: str, number: int) -> None:
        """Name the run's champion."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET champion = ? WHERE id = ?", (number, run))

    def run(self, name: str) -> dict[str, Any]:
        """A run by id, by unique beginning or part of its id, or `latest`.

        Raises
        ------
        UsageError
            None or several fit.
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

    def runs(self) -> list[dict[str, Any]]:
        """All runs, newest first, with their counts, costs and best gaps."""
        rows = self._rows(
            """
            SELECT r.*, c.candidates, c.valid, c.best_gap, k.calls, k.cost_usd, k.unpriced, k.tokens_in, k.tokens_out,
                   v.gap AS validation_gap
            FROM runs r
            LEFT JOIN (SELECT run, sum(operator != 'seed') AS candidates, sum(status = 'ok' AND operator != 'seed') AS valid,
                       min(gap) AS best_gap FROM candidates GROUP BY run) c ON c.run = r.id
            LEFT JOIN (SELECT run, count(*) AS calls, sum(cost_usd) AS cost_usd, sum(cost_usd IS NULL AND error = '') AS unpriced,
                       sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out FROM calls GROUP BY run) k ON k.run = r.id
            LEFT JOIN scores v ON v.run = r.id AND v.number = r.champion AND v.split = 'validation'
            ORDER BY r.created DESC, r.rowid DESC
            """
        )
        return [run_of(row) for row in rows]

    # ------------------------------------------------------------------ attempts

    def add_call(self, run: str, number: int, task: Mapping[str, Any], operator: str, call: Call) -> None:
        """Keep a model's answer, before anything is done with it: it is paid for."""
        with self._transaction() as db:
            insert(
                db, "calls", run=run, number=number, task=json.dumps(task), operator=operator, model=call.model,
                system=call.prompt.system, user=call.prompt.user, response=call.text, tokens_in=call.tokens_in,
                tokens_out=call.tokens_out, cost_usd=call.cost_usd, seconds=call.seconds, retries=call.retries, error=call.error,
                created=time.time(),
            )  # fmt: skip

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
        """Acknowledge an attempt, with its train report where it has one, in one transaction.

        `turn` is the order in which its answer was read, `repairs` the failed attempt that it mends.
        """
        program = candidate.program
        with self._transaction() as db:
            insert(
                db, "candidates", run=run, number=candidate.number, status=candidate.status.value, operator=candidate.operator,
                parents=json.dumps(candidate.parents), turn=turn, island=candidate.island, repairs=repairs,
                entry=program and program.entry, source=program and program.source, fingerprint=fingerprint,
                message=candidate.message,
                gap=candidate.gap if candidate.status is Status.OK else None,
                seconds=report.seconds if report else 0.0, created=time.time(),
            )  # fmt: skip
            if report:
                _insert_score(db, run, candidate.number, report)

    def add_score(self, run: str, number: int, report: Report) -> None:
        """Keep a report on another split; an earlier one of the same split is replaced."""
        with self._transaction() as db:
            _insert_score(db, run, number, report)

    def candidates(self, run: str) -> list[Candidate]:
        """All attempts of a run, in the order in which they were acknowledged."""
        return [_candidate(row) for row in self._rows(_CANDIDATE + "WHERE c.run = ? ORDER BY c.id", run)]

    def candidate(self, run: str, number: int) -> Candidate:
        """One attempt.

        Raises
        ------
        UsageError
            No such attempt.
        """
        rows = self._rows(_CANDIDATE + "WHERE c.run = ? AND c.number = ?", run, number)
        if not rows:
            raise UsageError(f"run {run} has no candidate {number}")
        return _candidate(rows[0])

    def attempts(self, run: str) -> list[dict[str, Any]]:
        """All attempts without their source, for lists and charts, in order of acknowledgement."""
        rows = self._rows(
            "SELECT number, turn, status, operator, parents, island, repairs, fingerprint, gap, message, seconds, created "
            "FROM candidates WHERE run = ? ORDER BY id",
            run,
        )
        return [{**dict(row), "parents": json.loads(row["parents"])} for row in rows]

    def report(self, run: str, number: int, split: Split) -> Report | None:
        """A stored report, None where this split was not scored."""
        rows = self._rows("SELECT * FROM scores WHERE run = ? AND number = ? AND split = ?", run, number, split.value)
        return report_of(rows[0]) if rows else None

    def gaps(self, run: str, split: Split) -> dict[int, float]:
        """Mean gap of every attempt that was scored ok on a split."""
        rows = self._rows("SELECT number, gap FROM scores WHERE run = ? AND split = ? AND status = 'ok'", run, split.value)
        return {row["number"]: row["gap"] for row in rows}

    def calls(self, run: str) -> list[dict[str, Any]]:
        """All model calls of a run, oldest first, whole."""
        return [
            {**dict(row), "task": json.loads(row["task"])}
            for row in self._rows("SELECT * FROM calls WHERE run = ? ORDER BY id", run)
        ]

    def spending(self, run: str) -> dict[str, Any]:
        """Calls, tokens and dollars of a run; `unpriced` counts calls whose price is unknown."""
        row = self._rows(
            "SELECT count(*) AS calls, coalesce(sum(tokens_in), 0) AS tokens_in, coalesce(sum(tokens_out), 0) AS tokens_out, "
            "coalesce(sum(cost_usd), 0.0) AS cost_usd, coalesce(sum(cost_usd IS NULL AND error = ''), 0) AS unpriced "
            "FROM calls WHERE run = ?",
            run,
        )[0]
        return dict(row)

    # ------------------------------------------------------------------ control and events

    def send(self, run: str, command: str, argument: str = "") -> int:
        """Leave a message for a run's loop; returns its id."""
        with self._transaction() as db:
            cursor = db.execute(
                "INSERT INTO control (run, command, argument, created) VALUES (?, ?, ?, ?)", (run, command, argument, time.time())
            )
            return int(cursor.lastrowid or 0)

    def messages(self, run: str, *, pending: bool = True) -> list[dict[str, Any]]:
        """Control messages of a run, oldest first."""
        where = "AND acknowledged IS NULL" if pending else ""
        return [dict(row) for row in self._rows(f"SELECT * FROM control WHERE run = ? {where} ORDER BY id", run)]

    def acknowledge(self, message: int, answer: str) -> None:
        """Note that the loop has acted on a message."""
        with self._transaction() as db:
            db.execute("UPDATE control SET acknowledged = ?, answer = ? WHERE id = ?", (time.time(), answer, message))

    def log(self, run: str, kind: str, message: str) -> None:
        """Append an event."""
        with self._transaction() as db:
            _append_event(db, run, kind, message)

    def events(self, run: str, *, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """The newest events of a run after a given id, oldest first."""
        rows = self._rows("SELECT * FROM events WHERE run = ? AND id > ? ORDER BY id DESC LIMIT ?", run, after, limit)
        return [dict(row) for row in reversed(rows)]

    def resumed(self, run: str) -> float:
        """When a run was last taken up again; 0 where it never was."""
        return float(self._rows("SELECT coalesce(max(created), 0) FROM events WHERE run = ? AND kind = 'resumed'", run)[0][0])


def _append_event(db: sqlite3.Connection, run: str, kind: str, message: str) -> None:
    db.execute("INSERT INTO events (run, created, kind, message) VALUES (?, ?, ?, ?)", (run, time.time(), kind, message))


def alive(row: Mapping[str, Any] | sqlite3.Row) -> bool:
    """Whether the process that a run's row names is still the one that wrote it."""
    return row["pid"] is not None and process_alive(row["pid"], row["heartbeat"])


def process_alive(pid: int, heartbeat: float) -> bool:
    """Whether process `pid` still is the one that gave a sign of life at `heartbeat`.

    A stopped or starved process misses beats and is alive all the same; a number that was given to another process
    since is known by a start after the last beat.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    if time.time() - heartbeat <= STALE_SECONDS:
        return True
    started = _started(pid)
    return started is not None and started <= heartbeat + 1.0


def _started(pid: int) -> float | None:
    """When a process began, in seconds since the epoch; None where the system does not tell."""
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        booted = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime"))
        return int(booted.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def run_of(row: sqlite3.Row) -> dict[str, Any]:
    """The run that a row of `runs` holds; one whose process is gone is `abandoned`."""
    options = json.loads(row["options"])
    found = {**dict(row), "options": options, "uses_model": RunOptions(proposer=options.get("proposer", "auto")).uses_model}
    if found["status"] in LIVE and not alive(row):
        found["status"] = "abandoned"  # killed: its row could not be ended
    return found


def insert(db: sqlite3.Connection, table: str, *, verb: str = "INSERT", **values: Any) -> int:
    """Append a row and return its id. Table and column names are the code's own words, never input."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    return int(db.execute(f"{verb} INTO {table} ({names}) VALUES ({marks})", tuple(values.values())).lastrowid or 0)


def _insert_score(db: sqlite3.Connection, run: str, number: int, report: Report) -> None:
    insert(
        db, "scores", verb="INSERT OR REPLACE", run=run, number=number, split=report.split.value, status=report.status.value,
        gap=report.gap, families=json.dumps(report.families), seconds=report.seconds,
        results=json.dumps([pack(r) for r in report.results], separators=(",", ":")),
    )  # fmt: skip


def pack(r: InstanceResult) -> Sequence[Any]:
    """One result as it is kept: a list, so that names are not repeated with every instance."""
    return (r.id, r.family, r.status.value, r.gap, r.objective, r.reference, dict(r.metrics), r.message, round(r.seconds, 6))


def _unpack(row: Sequence[Any]) -> InstanceResult:
    id, family, status, gap, objective, reference, metrics, message, seconds = row
    return InstanceResult(id, family, Status(status), gap, objective, reference, metrics, message, seconds)


def _candidate(row: sqlite3.Row) -> Candidate:
    ok = row["status"] == Status.OK.value
    return Candidate(
        row["number"],
        Status(row["status"]),
        Program(row["source"], row["entry"]) if row["source"] is not None else None,
        row["operator"],
        tuple(json.loads(row["parents"])),
        row["island"],
        row["gap"] if ok else float("inf"),
        json.loads(row["families"]) if ok and row["families"] else {},
        tuple(r[3] for r in json.loads(row["results"])) if ok and row["results"] else (),
        row["message"],
    )


def report_of(row: sqlite3.Row) -> Report:
    """The report that a row of scores holds."""
    results = tuple(_unpack(r) for r in json.loads(row["results"]))
    failure = next((r for r in results if r.status is not Status.OK), None)
    message = f"instance {failure.id}: {failure.message}" if failure else ""
    return Report(
        Split(row["split"]), Status(row["status"]), row["gap"], json.loads(row["families"]), results, message, row["seconds"]
    )


def call_of(row: Mapping[str, Any]) -> Call:
    """The call that a row of `Store.calls` holds."""
    return Call(
        row["model"], Prompt(row["system"], row["user"]), row["response"], row["tokens_in"], row["tokens_out"], row["cost_usd"],
        row["seconds"], row["retries"], row["error"],
    )  # fmt: skip
