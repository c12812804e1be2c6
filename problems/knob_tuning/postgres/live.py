"""Compares measurements on a real PostgreSQL with the table: python -m problems.knob_tuning.postgres.live train-mixed-0."""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
from collections.abc import Mapping
from typing import Any

from evaluators.postgres import engine as postgres_engine
from evaluators.postgres import tpch
from evaluators.postgres.engine import PostgresEngine
from evaluators.postgres.live import PLAIN, measure_live
from evaluators.postgres.space import Configuration, sets_of
from evaluators.postgres.verifier import KnobTuning, Session
from workbench.model import Instance, Split

from .instances import instances, tables
from .measured_space import DATABASES, TRANSACTIONS, statements


def main() -> None:
    """Measure the table's best configuration, a given one, or a random sample; print both costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("instances", nargs="*", help="ids of train, validation or stress, e.g. train-mixed-0")
    parser.add_argument("--config", type=json.loads, help='{"knobs": {...}, "indexes": [...]}; default: the best of the table')
    parser.add_argument("--sample", type=int, default=0, help="so many random configurations that fit, in place of the best")
    parser.add_argument(
        "--repeats", type=int, default=1, help="measure each configuration so often; prints how far repetitions differ"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for reason in (postgres_engine.unavailable(), tpch.unavailable()):
        if reason:
            sys.exit(f"{reason}. The measured table still serves: `evolve run knob_tuning/postgres` needs no server.")
    known = {i.id: i for split in (Split.TRAIN, Split.VALIDATION, Split.STRESS) for i in instances(split)}
    unknown = [id for id in options.instances if id not in known]
    if unknown or not options.instances:
        sys.exit(f"no instance {unknown[0] if unknown else 'named'}: one of {', '.join(list(known)[:3])}, ...")
    rng = random.Random(options.seed)
    ratios: list[float] = []
    variations: list[float] = []
    for database, (scale, skew) in DATABASES.items():
        chosen = [known[id] for id in options.instances if known[id].data["database"] == database]
        if not chosen:
            continue
        with PostgresEngine() as engine:
            prepare(engine, scale, skew)
            for instance in chosen:
                session = Session.from_data(instance.data, tables())
                for configuration in picked(instance, session, options, rng):
                    found = [compare(engine, instance.id, session, configuration) for _ in range(options.repeats)]
                    ratios.append(found[0])
                    if options.repeats > 1:
                        variations.append(statistics.stdev(found) / statistics.mean(found))
    if len(ratios) > 1:
        errors = sorted(abs(ratio - 1) for ratio in ratios)
        print(f"{len(errors)} configurations: |live / table - 1| median {statistics.median(errors):.3f}, greatest {errors[-1]:.3f}")
    if variations:
        print(f"coefficient of variation: mean {statistics.mean(variations):.3f}, greatest {max(variations):.3f}")


def prepare(engine: PostgresEngine, scale: float, skew: float) -> None:
    """Create the database `PLAIN`, loaded and without candidate indexes."""
    with engine.connect() as boss:
        boss.execute(f"create database {PLAIN}")
    with engine.connect(PLAIN) as connection:
        tpch.load(connection, scale, skew, engine.folder)


def picked(instance: Instance, session: Session, options: argparse.Namespace, rng: random.Random) -> list[Configuration]:
    """Return the configurations to measure."""
    if options.config is not None:
        return [session.space.check(options.config)]
    if not options.sample:
        return [KnobTuning(tables()).best(instance)[0]]
    levels = [some for some in session.space.all_levels() if session.fits(Configuration(some, ()))]
    indexes = sets_of(len(session.space.indexes), session.space.most_indexes)
    return [Configuration(rng.choice(levels), rng.choice(indexes)) for _ in range(options.sample)]


def compare(engine: PostgresEngine, id: str, session: Session, configuration: Configuration) -> float:
    """Print the cost of each part of a configuration by the table and measured; return the ratio of the sums."""
    live = live_parts(engine, session, configuration)
    expected = session.parts(configuration)
    print(f"{id} {json.dumps(session.space.told(configuration))}")
    for name, table, measured in zip((*session.queries, *session.transactions), expected, live, strict=True):
        print(f"  {name:24} table {table:10.1f} ms   live {measured:10.1f} ms")
    ratio = sum(live) / sum(expected)
    print(f"  {'all':24} table {sum(expected):10.1f} ms   live {sum(live):10.1f} ms   ratio {ratio:.3f}", flush=True)
    return ratio


def live_parts(engine: PostgresEngine, session: Session, configuration: Configuration) -> list[float]:
    """Measure the cost of each query and kind of transaction, in the form of `Session.parts`."""
    rows = dict(session.table.rows)
    queries = {name: statements(name, rows) for name in session.queries}
    writes = {kind: (TRANSACTIONS[kind][0], drawn(engine, kind)) for kind in session.transactions}
    work, written = measure_live(engine, session.space.told(configuration), queries, writes)
    return [
        *(weight * work[name].cost(session.prices) for name, weight in session.queries.items()),
        *(weight * written[kind].cost(session.prices) for kind, weight in session.transactions.items()),
    ]


COUNT = 1000
"""Number of transactions per measurement of writes."""


def drawn(engine: PostgresEngine, kind: str) -> tuple[tuple[str, ...], list[list[int]]]:
    """Return statements and parameters of `COUNT` transactions of a kind; deterministic for given data."""
    _, texts, draw = TRANSACTIONS[kind]
    rng, known = random.Random(f"knob_tuning/postgres {kind}"), keys(engine)
    return texts, [draw(rng, known) for _ in range(COUNT)]


def keys(engine: PostgresEngine) -> Mapping[str, list[int]]:
    """Return the keys of rows that transactions refer to, by table."""
    columns = {"orders": "o_orderkey", "customer": "c_custkey", "part": "p_partkey", "supplier": "s_suppkey"}
    with engine.connect(PLAIN) as connection:
        found: dict[str, Any] = {
            table: [row[0] for row in connection.execute(f"select {key} from {table} order by 1").fetchall()]
            for table, key in columns.items()
        }
    return found


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped: the server and its folder are gone")
