"""Workloads drawn from measured queries, split by query, on machines with different costs; stress workloads."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from evaluators.postgres.cost_table import CostTable
from evaluators.postgres.verifier import Session
from workbench.model import Instance, Split

from .measured_space import DATABASES, REPORTS

_DATA = Path(__file__).parent / "data"


class Pool(NamedTuple):
    """Queries and transactions from which workloads are drawn: reports (TPC-H queries), lookups and kinds of transactions."""

    reports: tuple[str, ...]
    lookups: tuple[str, ...]
    transactions: tuple[str, ...]


POOLS = {
    Split.TRAIN: Pool(tuple(f"Q{n}" for n in range(1, 9)), ("lines of a supplier",), ("pay", "correct a line")),
    Split.VALIDATION: Pool((*(f"Q{n}" for n in range(9, 15)), *REPORTS), ("lines of a part",), ("restock", "ship an order")),
    Split.TEST: Pool(
        tuple(f"Q{n}" for n in range(15, 23)), ("orders of a customer", "a day's late lines"), ("new order", "deliver")
    ),
}
"""Pools by split; no query or transaction is in two splits."""

_EVERYTHING = Pool(
    tuple(f"Q{n}" for n in range(1, 23)),
    ("lines of a supplier", "lines of a part", "orders of a customer", "a day's late lines"),
    ("pay", "correct a line", "restock", "new order", "deliver"),
)
"""Pool of the stress split: TPC-H queries, all lookups and the transactions measured with them."""

MACHINES = {
    "flash": {"block": 0.01, "flush": 0.03, "log_kib": 0.002},
    "cloud": {"block": 0.04, "flush": 0.3, "log_kib": 0.02},
    "disk": {"block": 0.15, "flush": 3.0, "log_kib": 0.01},
}
"""Costs in ms of a block read or used temporarily, a log flush and a KiB of log, by machine; chosen for this problem."""

FAMILIES = ("reports", "mixed", "desk", "tight")
"""Instance classes: reports only; reports, lookups and writes; an order desk with few reports; reports with little memory."""

_COPIES = {Split.TRAIN: 4, Split.VALIDATION: 4, Split.TEST: 8}
BUDGET = 30
NOISE = 0.03


@lru_cache(1)
def tables() -> Mapping[str, CostTable]:
    """Return the measured databases by name."""
    return {name: CostTable.read(_DATA / f"{name}.json.gz") for name in DATABASES}


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, in a fixed order."""
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    if split is Split.STRESS:
        return tuple(_stress())
    return tuple(
        _instance(f"{split}-{family}-{copy}", family, lambda rng, family=family, split=split: workload(family, POOLS[split], rng))
        for family in FAMILIES
        for copy in range(_COPIES[split])
    )


def workload(family: str, pool: Pool, rng: random.Random, database: str = "uniform") -> dict[str, Any]:
    """Draw the data of one instance of a class.

    Weights are numbers of executions, drawn so that under default knobs the cost shares of queries and transactions are in
    proportions of 1 to 5.
    """
    if family in ("reports", "tight"):
        names = rng.sample(pool.reports, rng.randint(3, min(5, len(pool.reports))))
        kinds: list[str] = []
    elif family == "mixed":
        names = rng.sample(pool.reports, rng.randint(2, 4)) + rng.sample(pool.lookups, 1)
        kinds = rng.sample(pool.transactions, rng.randint(1, len(pool.transactions)))
    else:
        names = rng.sample(pool.reports, 1) + list(pool.lookups)
        kinds = list(pool.transactions)
    data = tuned(names, kinds, rng, database)
    if family == "tight":
        data["memory_mb"], data["connections"] = rng.choice([(128, 8), (160, 8), (192, 16), (224, 16)])
    return data


def tuned(names: Sequence[str], kinds: Sequence[str], rng: random.Random, database: str = "uniform") -> dict[str, Any]:
    """Return the data of an instance with given queries and transactions, the whole space and ample memory."""
    table = tables()[database]
    data: dict[str, Any] = {
        "database": database,
        "queries": dict.fromkeys(names, 1.0),
        "transactions": dict.fromkeys(kinds, 1.0),
        "prices": MACHINES[rng.choice(sorted(MACHINES))],
        "levels": {},
        "indexes": list(table.space.indexes),
        "most_indexes": table.space.most_indexes,
        "memory_mb": rng.choice([512, 1024, 4096]),
        "connections": 8,
        "budget": BUDGET,
        "noise": NOISE,
        "seed": rng.getrandbits(30),
    }
    session = Session.from_data(data, tables())
    alone = dict(zip((*names, *kinds), session.parts(session.space.default), strict=True))
    for part, some in (("queries", names), ("transactions", kinds)):
        data[part] = {name: _rounded(1000 * rng.uniform(1, 5) / alone[name]) for name in some}
    return data


# --------------------------------------------------------------------------- stress


def _stress() -> Iterator[Instance]:
    for family, (copies, make) in SHAPES.items():
        for copy in range(copies):
            yield _instance(f"{Split.STRESS}-{family}-{copy}", family, lambda rng, make=make: make(rng, _EVERYTHING))


def whole(rng: random.Random, pool: Pool) -> dict[str, Any]:
    """All reports."""
    return tuned(pool.reports, [], rng)


def skewed(rng: random.Random, pool: Pool) -> dict[str, Any]:
    """A smaller database with skew: few parts have most line items, and few customers most orders."""
    return workload("reports", Pool(tuple(tables()["skewed"].queries), (), ()), rng, "skewed")


def one_query(rng: random.Random, pool: Pool) -> dict[str, Any]:
    """A single report."""
    return tuned(rng.sample(pool.reports, 1), [], rng)


def writes_only(rng: random.Random, pool: Pool) -> dict[str, Any]:
    """Only transactions: every index increases the cost."""
    return tuned([], rng.sample(pool.transactions, 2), rng)


def best_is_default(rng: random.Random, pool: Pool) -> dict[str, Any]:
    """Transactions that must not lose commits, on a disk with cheap logging: the default is optimal."""
    data = writes_only(rng, pool)
    data["levels"] = {"synchronous_commit": [True]}
    data["prices"] = MACHINES["flash"]
    return data


def decoys(rng: random.Random, pool: Pool) -> dict[str, Any]:
    """Only indexes that are useless for the workload, and knobs."""
    data = tuned(rng.sample([name for name in ("Q1", "Q13", "Q18", "Q22") if name in pool.reports], 2), [], rng)
    data["indexes"] = ["part(p_size)", "part(p_type)", "part(p_brand,p_container)", "partsupp(ps_suppkey)", "supplier(s_nationkey)"]
    return data


def single_knob(rng: random.Random, pool: Pool) -> dict[str, Any]:
    """One knob, no index."""
    data = workload("mixed", pool, rng)
    free = rng.choice(("shared_buffers_mb", "work_mem_mb", "random_page_cost", "synchronous_commit"))
    space = tables()["uniform"].space
    data["levels"] = {knob.name: [knob.default] for knob in space.knobs if knob.name != free}
    return {**data, "indexes": [], "most_indexes": 0}


def indexes_only(rng: random.Random, pool: Pool) -> dict[str, Any]:
    """Indexes only, with all knobs at their defaults."""
    data = workload("reports", pool, rng)
    data["levels"] = {knob.name: [knob.default] for knob in tables()["uniform"].space.knobs}
    return data


def one_index(rng: random.Random, pool: Pool) -> dict[str, Any]:
    """At most one index."""
    return {**workload("reports", pool, rng), "most_indexes": 1}


def no_memory(rng: random.Random, pool: Pool) -> dict[str, Any]:
    """The default uses all memory: with most configurations the server does not start."""
    return {**workload("reports", pool, rng), "memory_mb": 128}


def tiny_budget(rng: random.Random, pool: Pool) -> dict[str, Any]:
    """A budget of three runs."""
    return {**workload("mixed", pool, rng), "budget": 3}


def noisy(rng: random.Random, pool: Pool) -> dict[str, Any]:
    """Measurements with 20 % noise."""
    return {**workload("mixed", pool, rng), "noise": 0.2}


SHAPES: Mapping[str, tuple[int, Callable[[random.Random, Pool], dict[str, Any]]]] = {
    "whole": (2, whole),
    "skewed": (3, skewed),
    "one-query": (3, one_query),
    "writes-only": (2, writes_only),
    "best-is-default": (2, best_is_default),
    "decoys": (2, decoys),
    "single-knob": (3, single_knob),
    "indexes-only": (2, indexes_only),
    "one-index": (2, one_index),
    "no-memory": (2, no_memory),
    "tiny-budget": (3, tiny_budget),
    "noisy": (3, noisy),
}
"""Stress classes: number of instances, and the function that draws one from a pool."""


def _rounded(weight: float) -> float:
    return float(f"{weight:.3g}")


def _instance(id: str, family: str, make: Callable[[random.Random], dict[str, Any]]) -> Instance:
    return Instance(id, family, make(random.Random(f"knob_tuning/postgres {id}")))
