"""Measurement of one configuration on a real PostgreSQL server, to check a table of measurements."""

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
"""Name of the database copied for every measurement."""

Transactions = tuple[Sequence[str], Sequence[Sequence[int]]]
"""Statements and parameters for `measure.transactions`."""


def server_settings(knobs: Mapping[str, Level]) -> dict[str, str]:
    """Return the parameters that must be set at server start."""
    return {"shared_buffers": f"{knobs['shared_buffers_mb']}MB"} if "shared_buffers_mb" in knobs else {}


def session_settings(knobs: Mapping[str, Level]) -> dict[str, str]:
    """Return the parameters that a session can set: {"work_mem_mb": 16} becomes work_mem = 16MB, True becomes on."""
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
    """Connect to a new copy of a database with some indexes; the copy is dropped afterwards.

    Parameters
    ----------
    indexes
        Names like "orders(o_custkey)".
    warm
        Tables to read once in advance.
    """
    with engine.connect() as boss:
        boss.execute("drop database if exists copy")
        _wait_for_disk(boss, False)  # the copy need not survive the server
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
    """Measure queries and transactions on the database `PLAIN` of an engine restarted with a configuration.

    Parameters
    ----------
    config
        {"knobs": {name: value}, "indexes": [name, ...]}, with a value for every knob.
    queries
        Statements of each query; repeated back to back until the cache is warm.
    writes
        For each kind of transaction, the tables it modifies, its statements and parameters.

    Returns
    -------
    tuple
        Work per execution of each query, and per transaction of each kind.
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
    """Set whether the server waits for the disk on writes; takes effect immediately."""
    boss.execute(f"alter system set fsync = {'on' if wait else 'off'}")
    boss.execute("select pg_reload_conf()")
    time.sleep(0.05)
