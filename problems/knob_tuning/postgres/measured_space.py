"""The knobs, indexes, queries and transactions that the table is measured for."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from evaluators import tpch
from evaluators.knob_space import Knob, Space

SPACE = Space(
    knobs=(
        Knob("shared_buffers_mb", (16, 64, 256), 64),
        Knob("work_mem_mb", (1, 4, 16, 64), 4),
        Knob("hash_mem_multiplier", (1.0, 2.0), 2.0),
        Knob("random_page_cost", (1.1, 2.0, 4.0), 4.0),
        Knob("effective_cache_size_mb", (32, 4096), 4096),
        Knob("enable_nestloop", (False, True), True),
        Knob("synchronous_commit", (False, True), True),
        Knob("wal_compression", (False, True), False),
    ),
    indexes=(
        "lineitem(l_partkey)",
        "lineitem(l_suppkey)",
        "lineitem(l_shipdate)",
        "lineitem(l_receiptdate)",
        "lineitem(l_partkey,l_suppkey)",
        "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)",
        "lineitem(l_partkey,l_quantity,l_extendedprice)",
        "lineitem(l_orderkey,l_suppkey,l_commitdate,l_receiptdate)",
        "lineitem(l_orderkey,l_quantity)",
        "orders(o_orderdate)",
        "orders(o_custkey)",
        "customer(c_nationkey)",
        "part(p_size)",
        "part(p_type)",
        "part(p_brand,p_container)",
        "partsupp(ps_suppkey)",
        "supplier(s_nationkey)",
    ),
    most_indexes=4,
)
"""Levels of each knob with PostgreSQL's default, and the candidate indexes beside the primary keys."""

DATABASES = {"uniform": (0.03, 0.0), "skewed": (0.01, 3.0)}
"""Scale factor and skew (`evaluators.tpch.load`) of each measured database."""

_KEYS = 5
"""Different keys of each look-up."""

LOOKUPS = {
    "lines of a supplier": (
        "supplier",
        "select l_orderkey, l_partkey, l_quantity, l_shipdate from lineitem where l_suppkey = {key} "
        "order by l_shipdate desc limit 20",
    ),
    "lines of a part": (
        "part",
        "select l_orderkey, l_suppkey, l_quantity, l_shipdate from lineitem where l_partkey = {key} "
        "order by l_shipdate desc limit 20",
    ),
    "orders of a customer": (
        "customer",
        "select o_orderkey, o_orderdate, o_totalprice from orders where o_custkey = {key} order by o_orderdate desc limit 10",
    ),
    "a day's late lines": (
        "day",
        "select l_orderkey, l_linenumber from lineitem where l_receiptdate = date '1995-01-01' + {key} "
        "and l_receiptdate > l_commitdate",
    ),
}
"""Short queries of an order desk: what their key is, and their text."""


def statements(query: str, rows: dict[str, int]) -> tuple[str, ...]:
    """SQL of a query ("Q1" to "Q22", or a look-up by name, which is asked for `_KEYS` keys).

    Parameters
    ----------
    rows
        Rows of each table of the database.
    """
    if query not in LOOKUPS:
        return (tpch.queries()[int(query[1:])],)
    kind, text = LOOKUPS[query]
    rng = random.Random(f"knob_tuning/postgres {query}")
    most = 365 if kind == "day" else rows[kind]
    return tuple(text.format(key=rng.randint(1, most)) for _ in range(_KEYS))


Draw = Callable[[random.Random, Mapping[str, Sequence[int]]], list[int]]

TRANSACTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Draw]] = {
    "pay": (
        ("customer", "orders"),
        (
            "update customer set c_acctbal = c_acctbal + p[i][1] where c_custkey = p[i][2]",
            "update orders set o_totalprice = o_totalprice - p[i][1] where o_orderkey = p[i][3]",
        ),
        lambda rng, keys: [rng.randint(1, 1000), rng.choice(keys["customer"]), rng.choice(keys["orders"])],
    ),
    "correct a line": (
        ("lineitem",),
        ("update lineitem set l_comment = 'corrected ' || p[i][1] where l_orderkey = p[i][2] and l_linenumber = 1",),
        lambda rng, keys: [rng.randint(1, 1000), rng.choice(keys["orders"])],
    ),
    "restock": (
        ("partsupp",),
        ("update partsupp set ps_availqty = ps_availqty + p[i][1] where ps_partkey = p[i][2]",),
        lambda rng, keys: [rng.randint(1, 50), rng.choice(keys["part"])],
    ),
    "new order": (
        ("orders", "lineitem"),
        (
            "insert into orders values (1000000000 + i, p[i][1], 'O', p[i][2], date '1998-08-01', '3-MEDIUM', "
            "'Clerk#000000001', 0, 'new')",
            *(
                f"insert into lineitem values (1000000000 + i, p[i][{3 * line}], p[i][{3 * line + 1}], {line}, "
                f"p[i][{3 * line + 2}], 100 * p[i][{3 * line + 2}], 0.05, 0.02, 'N', 'O', date '1998-08-10', date '1998-08-12', "
                "date '1998-08-15', 'NONE', 'MAIL', 'new')"
                for line in range(1, 5)
            ),
        ),
        lambda rng, keys: [
            rng.choice(keys["customer"]),
            rng.randint(1000, 100000),
            *(x for _ in range(4) for x in (rng.choice(keys["part"]), rng.choice(keys["supplier"]), rng.randint(1, 50))),
        ],
    ),
    "deliver": (
        ("orders", "lineitem"),
        (
            "update lineitem set l_linestatus = 'D' where l_orderkey = p[i][1]",
            "update orders set o_orderstatus = 'D' where o_orderkey = p[i][1]",
        ),
        lambda rng, keys: [rng.choice(keys["orders"])],
    ),
}
"""Kinds of write transactions: the tables they change, their statements (`evaluators.postgres_measure.transactions`), and what
draws the parameters of one, given the keys of each table."""

QUERIES = (*(f"Q{n}" for n in range(1, 23)), *LOOKUPS)
"""All measured queries."""
