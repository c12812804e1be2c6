"""One configuration measured on a real PostgreSQL server: what a table of measurements is checked against."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from evaluators.postgres.engine import PostgresEngine
from evaluators.postgres.measure import (
    Work,
    Writes,
    blocks_of,
    create_index,
    run_once,
    set_knobs,
    transactions,
)
from evaluators.postgres.space import Level

PLAIN = "plain"
"""Name of the database that every measurement copies."""

Transactions = tuple[Sequence[str], Sequence[Sequence[int]]]
"""Statements and parameters, as `postgres_measure.transactions` takes them."""


def server_settings(knobs: Mapping[str, Level]) -> dict[str, str]:
    """Parameters that the server must be started with."""
    return {"shared_buffers": f"{knobs['shared_buffers_mb']}MB"} if "shared_buffers_mb" in knobs else {}


def session_settings(knobs: Mapping[str, Level]) -> dict[str, str]:
    """Parameters that a session can set: "work_mem_mb": 16 is work_mem = 16MB, True is on."""
    found = {}
    for name, value in knobs.items():
        if name == "shared_buffers_mb":
            continue
        if name.endswith("_mb"):
            found[name.removesuffix("_mb")] = f"{value}MB"
        elif isinstance(value, bool):
            found[name] = "on" if value else "off"
        else:
            found[name] = str(value)
    return found


@contextmanager
def copy_of(engine: PostgresEngine, source: str, indexes: Sequence[str], warm: Sequence[str] = ()) -> Iterator[Any]:
    """A connection to a fresh copy of a database with some indexes, dropped afterwards.

    Parameters
    ----------
    indexes
        Named like "orders(o_custkey)".
    warm
        Tables to read once.
    """
    with engine.connect() as boss:
        boss.execute("drop database if exists copy")
        _wait_for_disk(boss, False)  # the copy need not outlive the server
        boss.execute(f"create database copy template {source} strategy file_copy")
        try:
            with engine.connect("copy") as connection:
                for index in indexes:
                    create_index(connection, index)
                for table in warm:
                    connection.execute(f"select count(*) from {table}")
                connection.execute("checkpoint")
                _wait_for_disk(boss, True)
                yield connection
        finally:
            _wait_for_disk(boss, False)
            boss.execute("drop database copy")
            _wait_for_disk(boss, True)


def measure_live(
    engine: PostgresEngine,
    config: Mapping[str, Any],
    queries: Mapping[str, Sequence[str]],
    writes: Mapping[str, tuple[Sequence[str], Transactions]],
) -> tuple[dict[str, Work], dict[str, Writes]]:
    """Measure queries and transactions on database `PLAIN` of an engine, restarted with the configuration.

    Parameters
    ----------
    config
        {"knobs": {name: value}, "indexes": [name, ...]}: every knob has a value.
    queries
        Statements of each query; they are repeated back to back until the cache holds what it will.
    writes
        For each kind of transaction the tables it changes, and what it does.

    Returns
    -------
    tuple
        Work of one execution of each query, and of one transaction of each kind.
    """
    engine.restart(server_settings(config["knobs"]))
    session = session_settings(config["knobs"])
    work, written = {}, {}
    if queries:
        with copy_of(engine, PLAIN, config["indexes"]) as connection:
            set_knobs(connection, session)
            for name, statements in queries.items():
                cpu = min(run_once(connection, statements) for _ in range(3))
                counted = blocks_of(connection, statements)
                assert counted is not None
                work[name] = Work(cpu, *counted)
    for name, (tables, (statements, parameters)) in writes.items():
        with copy_of(engine, PLAIN, config["indexes"], warm=tables) as connection:
            set_knobs(connection, session)
            written[name] = transactions(connection, statements, parameters)
    return work, written


def _wait_for_disk(boss: Any, wait: bool) -> None:
    """Whether the server waits until the disk has what it wrote; takes effect at once."""
    boss.execute(f"alter system set fsync = {'on' if wait else 'off'}")
    boss.execute("select pg_reload_conf()")
    time.sleep(0.05)
