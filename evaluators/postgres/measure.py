"""Cost of PostgreSQL statements in measures that do not depend on machine load: CPU time, blocks, flushes, log bytes."""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

_ESTIMATES = {"Startup Cost", "Total Cost", "Plan Rows", "Plan Width", "Planned Partitions"}
"""Fields of a plan that contain estimates; the others describe its operations."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Costs of disk operations in ms. The defaults are chosen for an SSD with 200 MB/s and 0.1 ms per flush.

    Attributes
    ----------
    block
        Reading a block of 8 KiB into the buffer cache, or writing or reading it in a temporary file.
    flush
        Flushing the write-ahead log once.
    log_kib
        Writing one KiB of write-ahead log.
    """

    block: float = 0.04
    flush: float = 0.1
    log_kib: float = 0.005


class Work(NamedTuple):
    """Work of one query execution: CPU time in ms, blocks read, temporary blocks read and written."""

    cpu_ms: float
    read: int
    temporary: int

    def cost(self, prices: Prices) -> float:
        """Return the total cost in ms."""
        return self.cpu_ms + prices.block * (self.read + self.temporary)


class Writes(NamedTuple):
    """Mean work of one transaction: CPU time of the backend in ms, log flushes, log bytes."""

    cpu_ms: float
    flushes: float
    log_bytes: float

    def cost(self, prices: Prices) -> float:
        """Return the total cost in ms."""
        return self.cpu_ms + prices.flush * self.flushes + prices.log_kib * self.log_bytes / 1024


class Plan(NamedTuple):
    """Plan of a list of statements: digest of the operations, total estimated cost, indexes used."""

    digest: str
    estimate: float
    indexes: frozenset[str]


def cpu_ms(connection: Any) -> float:
    """Return the CPU time of the connection's backend so far in ms, from the kernel's nanosecond counter."""
    return int(Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text().split()[0]) / 1e6


def set_knobs(connection: Any, knobs: Mapping[str, str]) -> None:
    """Set parameters of the session."""
    for name, value in knobs.items():
        connection.execute("select set_config(%s, %s, false)", (name, value))


def explain(connection: Any, statements: Sequence[str], settings: Sequence[Mapping[str, str]] = ({},)) -> list[Plan]:
    """Return the plans of statements under each of several session settings and the visible indexes, without executing them.

    The server loops over the settings, so that only one round trip is needed.
    """
    connection.execute(_EXPLAIN)
    rows = connection.execute("select pg_temp.plans(%s, %s)", (list(statements), json.dumps(settings))).fetchall()
    found = []
    for at in range(0, len(rows), len(statements)):
        total, used, shape = 0.0, set[str](), []
        for (row,) in rows[at : at + len(statements)]:
            plan = row[0]["Plan"]
            total += plan["Total Cost"]
            shape.append(_shape(plan, used))
        digest = hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:12]
        found.append(Plan(digest, total, frozenset(used)))
    return found


_EXPLAIN = """
create or replace function pg_temp.plans(statements text[], settings jsonb) returns setof json language plpgsql as $$
declare setting jsonb; name text; value text; statement text; plan json;
begin
    for setting in select jsonb_array_elements(settings) loop
        for name, value in select * from jsonb_each_text(setting) loop perform set_config(name, value, false); end loop;
        foreach statement in array statements loop
            execute 'explain (format json) ' || statement into plan;
            return next plan;
        end loop;
    end loop;
end $$
"""


def run_once(connection: Any, statements: Sequence[str], limit_ms: float = math.inf) -> float:
    """Return the CPU time in ms of executing statements once and fetching their rows; `limit_ms` if they were stopped."""
    before = cpu_ms(connection)
    with _stopped_after(connection, limit_ms) as stopped:
        for statement in statements:
            connection.execute(statement).fetchall()
    return limit_ms if stopped else cpu_ms(connection) - before


def blocks_of(connection: Any, statements: Sequence[str], limit_ms: float = math.inf) -> tuple[int, int] | None:
    """Return the blocks read into the buffer cache, and temporary blocks read and written, by one execution, counted by EXPLAIN.

    The initial cache content is that left by the previous execution: call it twice for repeated statements. Returns None if
    the statements were stopped after `limit_ms` of CPU time.
    """
    read = temporary = 0
    with _stopped_after(connection, limit_ms) as stopped:
        for statement in statements:
            plan = connection.execute("explain (analyze, buffers, timing off, format json) " + statement).fetchone()[0][0]["Plan"]
            read += plan["Shared Read Blocks"]
            temporary += plan["Temp Read Blocks"] + plan["Temp Written Blocks"]
    return None if stopped else (read, temporary)


@contextmanager
def _stopped_after(connection: Any, limit_ms: float) -> Iterator[list[bool]]:
    """Cancel statements of the connection after `limit_ms` of CPU time; the yielded list is then not empty."""
    import psycopg

    stopped: list[bool] = []
    if limit_ms == math.inf:
        yield stopped
        return
    done = threading.Event()
    end = cpu_ms(connection) + limit_ms

    def watch() -> None:
        while not done.wait(0.1):
            if cpu_ms(connection) > end:
                connection.cancel_safe()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield stopped
    except psycopg.errors.QueryCanceled:
        stopped.append(True)
    finally:
        done.set()
        watcher.join()


def transactions(connection: Any, statements: Sequence[str], parameters: Sequence[Sequence[int]]) -> Writes:
    """Measure consecutive transactions after a checkpoint, in a loop inside the server, without a client.

    Parameters
    ----------
    statements
        Statements of a transaction, in terms of its integer parameters `p[i][1]`, `p[i][2]`, ...
    parameters
        One row per transaction, all of the same length.
    """
    body = " ".join(f"{statement};" for statement in statements)
    connection.execute(
        f"create procedure repeat(p integer[]) language plpgsql as $$ begin for i in 1..array_length(p, 1) loop {body} commit; "
        "end loop; end $$"
    )
    connection.execute("checkpoint")
    before, cpu = _log(connection), cpu_ms(connection)
    connection.execute("call repeat(%s)", (list(map(list, parameters)),))
    cpu = cpu_ms(connection) - cpu
    after, count = _log(connection), len(parameters)
    connection.execute("drop procedure repeat")
    return Writes(cpu / count, (after[0] - before[0]) / count, (after[1] - before[1]) / count)


# --------------------------------------------------------------------------- indexes


def table_of(index: str) -> str:
    """Return the table of an index with a name like "orders(o_custkey)"."""
    return index.partition("(")[0]


def create_index(connection: Any, index: str) -> None:
    """Create an index with a name like "orders(o_custkey)", which gives table and columns."""
    connection.execute(f'create index "{index}" on {index.replace("(", " (", 1)}')


def show_indexes(connection: Any, candidates: Sequence[str], visible: frozenset[str]) -> None:
    """Make only the candidate indexes in `visible` available to the planner.

    An index marked invalid is maintained but not used, which allows what-if analysis without building indexes.
    """
    connection.execute(
        "update pg_index set indisvalid = (c.relname = any(%(visible)s)) from pg_class c where c.oid = indexrelid "
        "and c.relname = any(%(all)s) and indisvalid <> (c.relname = any(%(visible)s))",
        {"visible": sorted(visible), "all": list(candidates)},
    )


# --------------------------------------------------------------------------- internal


def _shape(plan: dict[str, Any], used: set[str]) -> dict[str, Any]:
    if "Index Name" in plan:
        used.add(plan["Index Name"])
    kept = {key: value for key, value in plan.items() if key not in _ESTIMATES and key != "Plans"}
    kept["Plans"] = [_shape(child, used) for child in plan.get("Plans", [])]
    return kept


def _log(connection: Any) -> tuple[int, int]:
    connection.execute("select pg_stat_force_next_flush()")
    row = connection.execute("select wal_sync, wal_bytes from pg_stat_wal").fetchone()
    return int(row[0]), int(row[1])
