"""Knobs, indexes, queries and transactions covered by the measurements."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from evaluators.postgres import tpch
from evaluators.postgres.space import Knob, Space

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
"""Levels and PostgreSQL default of each knob, and the candidate indexes in addition to primary keys."""

DATABASES = {"uniform": (0.03, 0.0), "skewed": (0.01, 3.0)}
"""Scale factor and skew (`evaluators.postgres.tpch.load`) of each measured database."""

_KEYS = 5
"""Number of distinct keys of each lookup."""

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
"""Short queries of an order desk: key and text."""


REPORTS = {
    "late orders of a segment": """
        select c_custkey, c_name, count(*) from customer, orders
        where c_custkey = o_custkey and c_mktsegment = 'MACHINERY'
        and o_orderdate >= date '1996-04-01' and o_orderdate < date '1996-07-01'
        and exists (select 1 from lineitem where l_orderkey = o_orderkey and l_receiptdate > l_commitdate + 30)
        group by c_custkey, c_name order by count(*) desc, c_custkey limit 20""",
    "latest sales of a brand": """
        select l_orderkey, l_linenumber, l_shipdate, l_quantity, p_name from lineitem, part
        where p_partkey = l_partkey and p_brand = 'Brand#34' and p_container = 'JUMBO PKG'
        order by l_shipdate desc, l_orderkey limit 20""",
    "dearest suppliers of a size": """
        select p_partkey, p_name, s_name, ps_supplycost from part, partsupp, supplier, nation
        where p_partkey = ps_partkey and s_suppkey = ps_suppkey and s_nationkey = n_nationkey
        and p_size = 23 and n_name = 'FRANCE' and ps_supplycost = (
            select max(ps_supplycost) from partsupp, supplier, nation
            where ps_partkey = p_partkey and s_suppkey = ps_suppkey and s_nationkey = n_nationkey and n_name = 'FRANCE')
        order by ps_supplycost desc, p_partkey limit 50""",
    "what a nation buys of a size": """
        select p_type, sum(l_quantity) from customer, orders, lineitem, part, nation
        where c_custkey = o_custkey and o_orderkey = l_orderkey and l_partkey = p_partkey and c_nationkey = n_nationkey
        and n_name = 'JAPAN' and p_size = 7
        group by p_type order by sum(l_quantity) desc, p_type limit 10""",
    "received soon after the order": """
        select o_orderpriority, count(*) from orders, lineitem
        where o_orderkey = l_orderkey and o_orderdate >= date '1995-03-01' and o_orderdate < date '1995-04-01'
        and l_receiptdate >= date '1995-03-01' and l_receiptdate < date '1995-04-10'
        group by o_orderpriority order by o_orderpriority""",
    "small parts without sales": """
        select count(*) from part where p_size < 6 and not exists (
            select 1 from lineitem
            where l_partkey = p_partkey and l_shipdate >= date '1997-06-01' and l_shipdate < date '1997-09-01')""",
    "large lines of a nation's suppliers": """
        select s_name, count(*), sum(l_extendedprice) from supplier, nation, lineitem
        where s_nationkey = n_nationkey and n_name = 'PERU' and l_suppkey = s_suppkey and l_quantity >= 45
        and l_shipdate >= date '1996-01-01' and l_shipdate < date '1997-01-01'
        group by s_name order by sum(l_extendedprice) desc limit 10""",
    "stock of a type in a region": """
        select n_name, sum(ps_availqty * ps_supplycost) from part, partsupp, supplier, nation, region
        where p_partkey = ps_partkey and ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_regionkey = r_regionkey
        and p_type = 'PROMO ANODIZED TIN' and r_name = 'ASIA'
        group by n_name order by sum(ps_availqty * ps_supplycost) desc""",
}
"""Additional reports on TPC-H tables: correlated conditions, subqueries, LIMIT queries."""


def statements(query: str, rows: dict[str, int]) -> tuple[str, ...]:
    """Return the SQL statements of a query: "Q1" to "Q22", a report by name, or a lookup by name, for `_KEYS` keys.

    Parameters
    ----------
    rows
        Rows of each table of the database.
    """
    if query in REPORTS:
        return (" ".join(REPORTS[query].split()),)
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
    "ship an order": (
        ("lineitem",),
        ("update lineitem set l_shipdate = date '1998-08-01' + p[i][1], l_linestatus = 'S' where l_orderkey = p[i][2]",),
        lambda rng, keys: [rng.randint(0, 30), rng.choice(keys["orders"])],
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
"""Kinds of write transactions: modified tables, statements (for `evaluators.postgres.measure.transactions`), and a function that
draws the parameters of one transaction from the keys of each table."""

QUERIES = (*(f"Q{n}" for n in range(1, 23)), *LOOKUPS, *REPORTS)
"""All measured queries."""
