"""Measures a database on a private PostgreSQL server: python -m problems.knob_tuning.postgres.measure uniform --out FILE."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluators.postgres import tpch
from evaluators.postgres.engine import PostgresEngine
from evaluators.postgres.live import PLAIN, copy_of, session_settings
from evaluators.postgres.measure import (
    Writes,
    blocks_of,
    cpu_ms,
    create_index,
    explain,
    run_once,
    set_knobs,
    show_indexes,
    table_of,
    transactions,
)
from evaluators.postgres.plan_lattice import Choice, enumerate_choices

from .live import drawn, prepare
from .measured_space import DATABASES, QUERIES, SPACE, TRANSACTIONS, statements

PLANNER = ("work_mem_mb", "hash_mem_multiplier", "random_page_cost", "effective_cache_size_mb", "enable_nestloop")
"""Knobs that can affect a plan."""

REPEATS = 2
"""Executions of a query, of which the minimum CPU time is used: errors are one-sided (caches evicted by other processes)."""
SLOW_MS = 500.0
"""CPU time above which a single execution, the one that counts blocks, suffices."""
LIMIT_MS = 6000.0
"""CPU time limit of an execution; a stopped execution is recorded with this value."""

Setting = Sequence[float]
LEVELS: dict[str, tuple[Any, ...]] = {knob.name: knob.levels for knob in SPACE.knobs}


def main() -> None:
    """Measure one database and write the results as JSON; existing entries of the file are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", choices=DATABASES)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--queries", nargs="+", default=list(QUERIES))
    parser.add_argument("--transactions", nargs="*", default=list(TRANSACTIONS))
    options = parser.parse_args()
    record: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    with PostgresEngine({"shared_buffers": "512MB"}) as engine:
        prepare(engine, *DATABASES[options.database])
        Measuring(engine, record, options.out).run(options.queries, options.transactions)


class Measuring:
    """Fills a record stage by stage and saves it after each part."""

    def __init__(self, engine: PostgresEngine, record: dict[str, Any], file: Path) -> None:
        self.engine, self.record, self.file = engine, record, file
        self.shown: int | None = None
        connection = engine.connect(PLAIN)
        self.rows = {t: connection.execute(f"select count(*) from {t}").fetchone()[0] for t in tpch.TABLES}
        connection.close()

    def run(self, queries: list[str], kinds: list[str]) -> None:
        """Run all stages: plans, work of each plan, writes."""
        self.record.setdefault("rows", self.rows)
        self.indexes()
        self.plans(queries)
        self.cpu(queries)
        for smaller, megabytes in itertools.pairwise((None, *LEVELS["shared_buffers_mb"])):
            self.blocks(queries, megabytes, smaller)
        self.engine.restart({"shared_buffers": "512MB"})
        self.writes(kinds)

    def save(self) -> None:
        """Write the record."""
        part = self.file.with_suffix(".part")
        part.write_text(json.dumps(self.record))
        part.replace(self.file)

    # ----------------------------------------------------------------------- writes

    def writes(self, kinds: list[str]) -> None:
        """Measure each kind of transaction by write knobs without indexes, then with each index of its tables, then with all."""
        done = self.record.setdefault("writes", {})
        for kind in kinds:
            tables = TRANSACTIONS[kind][0]
            related = [index for index in SPACE.indexes if table_of(index) in tables]
            cases: list[tuple[bool, bool, list[str]]] = [(s, c, []) for s in (False, True) for c in (False, True)]
            cases += [(False, c, [index]) for c in (False, True) for index in related]
            cases += [(False, False, related), (True, True, related)]
            for case in cases:
                key = json.dumps([kind, *case])
                if key not in done:
                    done[key] = [self.write_once(kind, *case) for _ in range(2)]
                    print(key, [[round(x, 3) for x in w] for w in done[key]], flush=True)
            self.save()

    def write_once(self, kind: str, commit: bool, compress: bool, indexes: list[str]) -> Writes:
        """Measure transactions on a new copy of the database."""
        with copy_of(self.engine, PLAIN, indexes, warm=TRANSACTIONS[kind][0]) as connection:
            set_knobs(connection, session_settings({"synchronous_commit": commit, "wal_compression": compress}))
            return transactions(connection, *drawn(self.engine, kind))

    # ----------------------------------------------------------------------- queries

    def indexes(self) -> None:
        """Create the database `full` with all candidate indexes; record their sizes in KiB."""
        boss = self.engine.connect()
        boss.execute("drop database if exists copy")
        boss.execute(f"create database full_set template {PLAIN} strategy file_copy")
        boss.close()
        connection = self.engine.connect("full_set")
        for index in SPACE.indexes:
            create_index(connection, index)
        self.record["index_kib"] = {
            index: connection.execute("select pg_relation_size(%s::regclass) / 1024", (f'"{index}"',)).fetchone()[0]
            for index in SPACE.indexes
        }
        self.record["table_kib"] = {
            table: connection.execute("select pg_relation_size(%s::regclass) / 1024", (table,)).fetchone()[0]
            for table in tpch.TABLES
        }
        connection.close()

    def plans(self, queries: list[str]) -> None:
        """Enumerate the plans of all configurations."""
        done = self.record.setdefault("plans", {})
        connection = self.engine.connect("full_set")
        settings: list[Setting] = list(itertools.product(*(LEVELS[name] for name in PLANNER)))
        for query in queries:
            if query in done:
                continue
            began = time.monotonic()
            text = statements(query, self.rows)
            asked = 0
            examples: dict[tuple[str, float, float], tuple[int, Setting]] = {}

            def ask(
                visible: int, some: Sequence[Setting], text: Sequence[str] = text, examples: dict[Any, Any] = examples
            ) -> list[Choice]:
                nonlocal asked
                asked += len(some)
                self.show(connection, visible)
                found = []
                for setting, plan in zip(some, explain(connection, text, [as_session(s) for s in some]), strict=True):
                    uses = sum(1 << SPACE.indexes.index(name) for name in plan.indexes if name in SPACE.indexes)
                    if uses.bit_count() <= SPACE.most_indexes:
                        examples.setdefault((plan.digest, setting[0], setting[1]), (visible, setting))
                    found.append(Choice(round(plan.estimate, 2), uses, plan.digest))
                return found

            related = sum(1 << i for i, index in enumerate(SPACE.indexes) if table_of(index) in " ".join(text))
            found = enumerate_choices(ask, related, settings)
            done[query] = {
                "choices": [[list(setting), [list(c) for c in choices]] for setting, choices in found.items()],
                "examples": [[*key, *example] for key, example in examples.items()],
            }
            self.save()
            plans = len({key[0] for key in examples})
            print(
                query, "plans", plans, "executions", len(examples), "asked", asked, f"{time.monotonic() - began:.1f} s", flush=True
            )
        connection.close()

    def show(self, connection: Any, visible: int) -> None:
        """Show only a set of candidate indexes (bit mask) to the planner."""
        if self.shown != visible:
            show_indexes(connection, SPACE.indexes, frozenset(name for i, name in enumerate(SPACE.indexes) if visible >> i & 1))
            self.shown = visible

    def cpu(self, queries: list[str]) -> None:
        """Execute each plan with a warm cache, at increasing memory levels until it needs no temporary file."""
        done = self.record.setdefault("cpu", {})
        connection = self.engine.connect("full_set")
        for query in queries:
            if query in done:
                continue
            began = time.monotonic()
            text = statements(query, self.rows)
            found: list[list[Any]] = []
            enough: dict[str, list[tuple[float, float]]] = {}
            for plan, memory, factor, visible, setting in sorted(self.record["plans"][query]["examples"]):
                if any(memory >= m and memory * factor >= m * f for m, f in enough.get(plan, ())):
                    continue
                self.show(connection, visible)
                set_knobs(connection, as_session(setting))
                before = cpu_ms(connection)
                counted = blocks_of(connection, text, LIMIT_MS)
                cpu = cpu_ms(connection) - before
                if counted is None:
                    cpu = LIMIT_MS
                elif cpu < SLOW_MS:
                    cpu = min(run_once(connection, text) for _ in range(REPEATS))
                temporary = counted[1] if counted else 0
                found.append([plan, memory, factor, visible, setting, temporary, cpu])
                if temporary == 0:
                    enough.setdefault(plan, []).append((memory, factor))
            done[query] = found
            self.save()
            print(query, "executed", len(found), f"{time.monotonic() - began:.1f} s", flush=True)
        connection.close()

    def blocks(self, queries: list[str], megabytes: int, smaller: int | None) -> None:
        """Count the blocks that each plan reads when repeated with a given size of shared_buffers."""
        done = self.record.setdefault("read", {})
        for query in queries:
            key = f"{query} {megabytes}"
            if key in done:
                continue
            began = time.monotonic()
            text = statements(query, self.rows)
            done[key] = []
            for at, (_, _, _, visible, setting, _, cpu) in enumerate(self.record["cpu"][query]):
                # A plan that fits into less memory also fits into more; a stopped one is recorded at the limit.
                known = cpu >= LIMIT_MS or (smaller is not None and done[f"{query} {smaller}"][at] == 0)
                done[key].append(0 if known else self.blocks_once(text, megabytes, visible, setting, cpu))
            self.save()
            print(key, f"{time.monotonic() - began:.1f} s", flush=True)

    def blocks_once(self, text: Sequence[str], megabytes: int, visible: int, setting: Setting, cpu: float) -> int:
        """Return the blocks read by the second execution after a start with an empty cache, or by the first if it is slow."""
        self.engine.restart({"shared_buffers": f"{megabytes}MB"})
        with self.engine.connect("full_set") as connection:
            self.show(connection, visible)
            set_knobs(connection, as_session(setting))
            if cpu < SLOW_MS:
                run_once(connection, text)
            counted = blocks_of(connection, text)
        return counted[0] if counted else 0


def as_session(setting: Setting) -> dict[str, str]:
    """Return session parameters for a setting of the planner's knobs."""
    return session_settings(dict(zip(PLANNER, setting, strict=True)))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped: the server and its folder are gone; the same command goes on from what its file has")
