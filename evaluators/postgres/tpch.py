"""TPC-H tables and queries, generated offline by DuckDB's extension and loaded into PostgreSQL."""

from __future__ import annotations

import importlib.util
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from workbench.errors import ProblemError

TABLES = {
    "region": ("r_regionkey integer, r_name text, r_comment text", "r_regionkey"),
    "nation": ("n_nationkey integer, n_name text, n_regionkey integer, n_comment text", "n_nationkey"),
    "part": (
        "p_partkey integer, p_name text, p_mfgr text, p_brand text, p_type text, p_size integer, p_container text, "
        "p_retailprice numeric(15,2), p_comment text",
        "p_partkey",
    ),
    "supplier": (
        "s_suppkey integer, s_name text, s_address text, s_nationkey integer, s_phone text, s_acctbal numeric(15,2), "
        "s_comment text",
        "s_suppkey",
    ),
    "partsupp": (
        "ps_partkey integer, ps_suppkey integer, ps_availqty integer, ps_supplycost numeric(15,2), ps_comment text",
        "ps_partkey, ps_suppkey",
    ),
    "customer": (
        "c_custkey integer, c_name text, c_address text, c_nationkey integer, c_phone text, c_acctbal numeric(15,2), "
        "c_mktsegment text, c_comment text",
        "c_custkey",
    ),
    "orders": (
        "o_orderkey integer, o_custkey integer, o_orderstatus text, o_totalprice numeric(15,2), o_orderdate date, "
        "o_orderpriority text, o_clerk text, o_shippriority integer, o_comment text",
        "o_orderkey",
    ),
    "lineitem": (
        "l_orderkey integer, l_partkey integer, l_suppkey integer, l_linenumber integer, l_quantity numeric(15,2), "
        "l_extendedprice numeric(15,2), l_discount numeric(15,2), l_tax numeric(15,2), l_returnflag text, l_linestatus text, "
        "l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct text, l_shipmode text, l_comment text",
        "l_orderkey, l_linenumber",
    ),
}
"""Columns and primary key of each table, in the order of DuckDB's generator."""

_UNIFORM = "(({key}) * 2654435761 % 4294967296) / 4294967296.0"
"""SQL for a number in [0, 1) by multiplicative hashing (Knuth, The Art of Computer Programming 3, 6.4)."""


def unavailable() -> str | None:
    """Return the reason why TPC-H cannot be generated, in one line; None if it can."""
    for package in ("duckdb", "duckdb_extension_tpch"):
        if importlib.util.find_spec(package) is None:
            return f"TPC-H is not available: the package {package} is missing; pip install 'evolve-workbench[postgres]'"
    return None


@cache
def queries() -> dict[int, str]:
    """Return the text of the 22 queries with their validation parameters, by number."""
    return {number: text.strip().rstrip(";") for number, text in _duckdb().execute("from tpch_queries()").fetchall()}


def load(connection: Any, scale: float, skew: float = 0.0, folder: Path | None = None) -> None:
    """Create the tables in an empty database, with primary keys and statistics over all rows.

    Parameters
    ----------
    connection
        psycopg connection in autocommit mode.
    scale
        TPC-H scale factor; 1 is about 1 GB.
    skew
        0: unmodified TPC-H data. Otherwise customers of orders and parts of line items are redrawn, the k-th of n with density
        proportional to (k / n) ** (1 / (1 + skew) - 1): with skew 3, a tenth of the parts gets 56 % of the line items.
    folder
        Folder for one table at a time as a temporary file; None: the system's temporary folder.
    """
    source = _duckdb()
    source.execute(f"call dbgen(sf={scale})")
    if skew:
        _redraw(source, 1 + skew)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for table, (columns, key) in TABLES.items():
            file = Path(place) / f"{table}.csv"
            source.execute(f"copy {table} to '{file}' (format csv, header false)")
            connection.execute(f"create table {table} ({columns})")
            with connection.cursor().copy(f"copy {table} from stdin (format csv)") as copy, file.open("rb") as lines:
                while block := lines.read(1 << 20):
                    copy.write(block)
            file.unlink()
            connection.execute(f"alter table {table} add primary key ({key})")
    # The sample has 300 rows per unit of the target: here all rows, so that statistics are deterministic.
    connection.execute("set default_statistics_target = 1000")
    connection.execute("vacuum (freeze, analyze)")
    connection.execute("reset default_statistics_target")


def _redraw(source: Any, power: float) -> None:
    parts = source.execute("select count(*) from part").fetchone()[0]
    customers = source.execute("select count(*) from customer").fetchone()[0]
    draw = _UNIFORM.format(key="l_orderkey * 8 + l_linenumber")
    source.execute(f"update lineitem set l_partkey = 1 + cast(floor({parts} * pow({draw}, {power})) as bigint)")
    # One of the part's four suppliers.
    source.execute(
        "update lineitem set l_suppkey = s.ps_suppkey from (select ps_partkey, ps_suppkey, row_number() over "
        "(partition by ps_partkey order by ps_suppkey) as n from partsupp) s "
        "where s.ps_partkey = l_partkey and s.n = 1 + (l_orderkey + l_linenumber) % 4"
    )
    draw = _UNIFORM.format(key="o_orderkey")
    source.execute(f"update orders set o_custkey = 1 + cast(floor({customers} * pow({draw}, {power})) as bigint)")


def _duckdb() -> Any:
    reason = unavailable()
    if reason:
        raise ProblemError(reason)
    import duckdb
    import duckdb_extension_tpch

    folder = Path(duckdb_extension_tpch.__file__).parent / "extensions"
    files = sorted(folder.rglob("tpch.duckdb_extension"))
    if not files:
        raise ProblemError(
            f"TPC-H is not available: no extension of duckdb-extension-tpch in {folder}; install it for duckdb {duckdb.__version__}"
        )
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"load '{files[0]}'")
    return connection
