"""Tuning PostgreSQL: a heuristic for knob_tuning/postgres.

Which knobs and which few indexes should a PostgreSQL server have, when every try costs a measured
run? Call `suggest`; its docstring says what goes in and what comes out.

The whole program may change: the indexes that the planner's estimates favour first, then one random change after the other.

Mean gap to the reference (least cost of all configurations in the measured table; reached from the
first run on only by who knows it); 0 is the reference, lower is better:

    program            train  validation        test
    this program      0.3024      0.2871      0.1035
    tpe               0.4255      0.7725      0.8102
    smac              0.4742      0.5167      0.8045
    llamatune         0.5214      0.6680      0.8362
    lhs               0.5518      0.6764      0.7874
    cmaes             0.5990      1.0084      0.8722
    autoadmin         0.9046      0.8481      0.4400
    drop              0.9048      0.8481      0.4400
    extend            1.1919      0.8481      0.4559
    pgtune            1.4139      2.0617      2.7274
    default           2.0557      3.2797      3.0893

Candidate 25 of run postgres-20261125-233941-ad48, written by: no LLM (built-in operators); 3 steps
from gap 0.4123 to 0.3024. Exported 2026-11-25. Certificate: fragile (2026-11-25: stress whole: gap
0.2122, tpe 0.1241, tolerance 0.05). Licence: derived from the problem's seed program, whose licence
applies.

`python postgres.py` (this file) asks it again what it was asked on 3 small instances and compares
the answers; of 3 long episodes, the beginning.
"""

# The search judged this code by its decisions alone: it is kept as it was found, not as linters like it.
# ruff: noqa
# mypy: ignore-errors

import json
import math
import random
from typing import Any

__all__ = ["MEASURED", "PROVENANCE", "suggest"]


def suggest(space: dict, workload: dict, history: list[dict], seed: int) -> dict:
    """Suggest the configuration to measure next: {"knobs": {name: value}, "indexes": [name, ...]} (see statement.md).

    Suggest the configuration to measure next.

    Parameters
    ----------
    space
        `knobs`: name -> {"type", "levels", "default"}; `indexes`: name -> {"table", "columns", "mb"}; `most_indexes`;
        `memory_mb` and `connections`: shared_buffers_mb + connections * work_mem_mb * hash_mem_multiplier must not exceed the
        memory, or the run is lost.
    workload
        `budget` (runs in all); `queries`: list of {"weight", "what_if": [[[index, ...], estimated cost], ...]}, cheapest
        first: with a set of indexes the planner's estimate is the first entry whose indexes are all in it; `transactions`:
        list of {"weight", "tables"} (each index of a changed table has to be kept up to date); `tables`: name -> {"rows",
        "mb"}; `prices`: ms for a "block" read, a "flush" of the log, a KiB of log ("log_kib").
    history
        The default first, then the runs in order: {"config", "cost" (ms; None if the server could not start), "queries" and
        "transactions" (ms of each, in the workload's order)}. Measured with some noise.
    seed
        For random choices; its own for every workload.

    Returns
    -------
    dict
        {"knobs": {name: value, ...}, "indexes": [name, ...]}: values within the knob's levels (others go to the nearest; a
        knob left out has its default), at most `most_indexes` different indexes.

    Examples
    --------
    >>> suggest(space, workload, history, 7)
    {"knobs": {"work_mem_mb": 16, "enable_nestloop": True}, "indexes": ["orders(o_custkey)"]}

    Problem: Tuning PostgreSQL (knob_tuning/postgres, version 24654cc7b2c2). Which knobs and
    which few indexes should a PostgreSQL server have, when every try costs a measured run?

    Objective: minimised, in % of the default's cost, mean over the runs.

    Reference: least cost of all configurations in the measured table; reached from the first
    run on only by who knows it
    """
    rng = random.Random(seed * 1000 + len(history))
    best = min((run for run in history if run['cost'] is not None), key=lambda run: run['cost'])
    if len(history) == 1:
        return {'knobs': best['config']['knobs'], 'indexes': advised(space, workload, best)}
    for _ in range(100):
        config = {'knobs': dict(best['config']['knobs']), 'indexes': list(best['config']['indexes'])}
        for _ in range(rng.choice((1, 1, 2))):
            change(space, config, rng)
        known = any((run['config']['knobs'] == config['knobs'] and set(run['config']['indexes']) == set(config['indexes']) for run in history))
        if not known and fits(space, config['knobs']):
            return config
    return best['config']

def advised(space, workload, best):
    """Greedy choice of indexes: each time the one that saves most if the planner's estimates hold."""
    chosen = []
    for _ in range(space['most_indexes']):
        costs = {index: sum((measured * estimate(query, {*chosen, index}) / estimate(query, ()) for query, measured in zip(workload['queries'], best['queries'], strict=True))) for index in space['indexes'] if index not in chosen}
        if costs:
            chosen.append(min(costs, key=costs.get))
    return chosen

def estimate(query, indexes):
    """The planner's estimate of a query for a set of indexes."""
    return next((value for used, value in query['what_if'] if set(used) <= set(indexes)))

def change(space, config, rng):
    """One knob to another level, or one index more, less or another."""
    held = config['indexes']
    spare = [i for i in space['indexes'] if i not in held]
    if rng.random() < 0.858:
        name = rng.choice(list(space['knobs']))
        config['knobs'][name] = rng.choice(space['knobs'][name]['levels'])
    elif held and (len(held) >= space['most_indexes'] or rng.random() < 0):
        at = rng.randrange(len(held))
        held[at:at + 1] = rng.sample(spare, min(len(spare), rng.randint(0, 1)))
    elif spare and space['most_indexes'] > 0:
        held.append(rng.choice(spare))

def fits(space, knobs):
    """Whether the server would start: memory of the cache, and of sorts and hashes in every connection."""
    each = knobs['work_mem_mb'] * knobs['hash_mem_multiplier']
    return knobs['shared_buffers_mb'] + space['connections'] * each <= space['memory_mb']


PROVENANCE: dict[str, Any] = {
    "problem": "knob_tuning/postgres",
    "version": "24654cc7b2c2",
    "run": "postgres-20261125-233941-ad48",
    "candidate": 25,
    "lineage": [
        (0, "seed", 0.41231385084695416),
        (5, "constant", 0.3027087794973566),
        (25, "constant", 0.30237703101564123),
    ],
    "models": "no LLM",
    "date": "2026-11-25",
    "verdict": "fragile",
    "reason": "2026-11-25: stress whole: gap 0.2122, tpe 0.1241, tolerance 0.05",
    "licence": "derived from the problem's seed program, whose licence applies",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED: dict[str, dict[str, float]] = {
    "this program": {"train": 0.30237703101564123, "validation": 0.28707922309813994, "test": 0.10353711918965926},
    "tpe": {"train": 0.42548578968354134, "validation": 0.7724538497673954, "test": 0.8102077705323452},
    "smac": {"train": 0.4741802424380587, "validation": 0.5167494917572799, "test": 0.8044880547375712},
    "llamatune": {"train": 0.5213963382186702, "validation": 0.6679974091018483, "test": 0.836189688524843},
    "lhs": {"train": 0.5517717842522765, "validation": 0.6763992203415046, "test": 0.7874128861106884},
    "cmaes": {"train": 0.5990392842004142, "validation": 1.0083528401164907, "test": 0.8722060608242133},
    "autoadmin": {"train": 0.9045927934995515, "validation": 0.8480517932643595, "test": 0.43995643307553395},
    "drop": {"train": 0.9047638309110988, "validation": 0.8480517932643595, "test": 0.43995643307553395},
    "extend": {"train": 1.1919109824967116, "validation": 0.8480517932643595, "test": 0.45591176868763417},
    "pgtune": {"train": 1.4139362490541494, "validation": 2.0616697830211304, "test": 2.7273822169463346},
    "default": {"train": 2.055749824534907, "validation": 3.2796905237365728, "test": 3.0893011380533295},
}

# What the program was asked on small instances, and what it answered when it was exported.
CASES: list[dict[str, Any]] = [
    {
        "instance": "train-reports-3",
        "family": "reports",
        "calls": (
            (
                "__call__",
                [
                    {
                        "knobs": {
                            "shared_buffers_mb": {"type": "int", "levels": [16, 64, 256], "default": 64},
                            "work_mem_mb": {"type": "int", "levels": [1, 4, 16, 64], "default": 4},
                            "hash_mem_multiplier": {"type": "float", "levels": [1.0, 2.0], "default": 2.0},
                            "random_page_cost": {"type": "float", "levels": [1.1, 2.0, 4.0], "default": 4.0},
                            "effective_cache_size_mb": {"type": "int", "levels": [32, 4096], "default": 4096},
                            "enable_nestloop": {"type": "bool", "levels": [False, True], "default": True},
                            "synchronous_commit": {"type": "bool", "levels": [False, True], "default": True},
                            "wal_compression": {"type": "bool", "levels": [False, True], "default": False},
                        },
                        "indexes": {
                            "lineitem(l_partkey)": {"table": "lineitem", "columns": ["l_partkey"], "mb": 1.3},
                            "lineitem(l_suppkey)": {"table": "lineitem", "columns": ["l_suppkey"], "mb": 1.23},
                            "lineitem(l_shipdate)": {"table": "lineitem", "columns": ["l_shipdate"], "mb": 1.22},
                            "lineitem(l_receiptdate)": {"table": "lineitem", "columns": ["l_receiptdate"], "mb": 1.22},
                            "lineitem(l_partkey,l_suppkey)": {"table": "lineitem", "columns": ["l_partkey", "l_suppkey"], "mb": 1.76},
                            "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)": {
                                "table": "lineitem",
                                "columns": ["l_shipdate", "l_discount", "l_quantity", "l_extendedprice"],
                                "mb": 7.01,
                            },
                            "lineitem(l_partkey,l_quantity,l_extendedprice)": {
                                "table": "lineitem",
                                "columns": ["l_partkey", "l_quantity", "l_extendedprice"],
                                "mb": 6.73,
                            },
                            "lineitem(l_orderkey,l_suppkey,l_commitdate,l_receiptdate)": {
                                "table": "lineitem",
                                "columns": ["l_orderkey", "l_suppkey", "l_commitdate", "l_receiptdate"],
                                "mb": 5.45,
                            },
                            "lineitem(l_orderkey,l_quantity)": {
                                "table": "lineitem",
                                "columns": ["l_orderkey", "l_quantity"],
                                "mb": 5.45,
                            },
                            "orders(o_orderdate)": {"table": "orders", "columns": ["o_orderdate"], "mb": 0.37},
                            "orders(o_custkey)": {"table": "orders", "columns": ["o_custkey"], "mb": 0.38},
                            "customer(c_nationkey)": {"table": "customer", "columns": ["c_nationkey"], "mb": 0.05},
                            "part(p_size)": {"table": "part", "columns": ["p_size"], "mb": 0.05},
                            "part(p_type)": {"table": "part", "columns": ["p_type"], "mb": 0.06},
                            "part(p_brand,p_container)": {"table": "part", "columns": ["p_brand", "p_container"], "mb": 0.09},
                            "partsupp(ps_suppkey)": {"table": "partsupp", "columns": ["ps_suppkey"], "mb": 0.17},
                            "supplier(s_nationkey)": {"table": "supplier", "columns": ["s_nationkey"], "mb": 0.02},
                        },
                        "most_indexes": 4,
                        "memory_mb": 512,
                        "connections": 8,
                    },
                    {
                        "budget": 30,
                        "queries": [
                            {"weight": 19.2, "what_if": [[[], 11502.63]]},
                            {"weight": 348.0, "what_if": [[[], 7574.27]]},
                            {
                                "weight": 34.0,
                                "what_if": [
                                    [
                                        [
                                            "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)",
                                        ],
                                        1253.41,
                                    ],
                                    [["lineitem(l_shipdate)"], 4048.77],
                                    [[], 7096.36],
                                ],
                            },
                        ],
                        "transactions": [],
                        "tables": {
                            "region": {"rows": 5, "mb": 0.01},
                            "nation": {"rows": 25, "mb": 0.01},
                            "part": {"rows": 6000, "mb": 0.88},
                            "supplier": {"rows": 300, "mb": 0.05},
                            "partsupp": {"rows": 24000, "mb": 4.19},
                            "customer": {"rows": 4500, "mb": 0.84},
                            "orders": {"rows": 45000, "mb": 6.19},
                            "lineitem": {"rows": 180566, "mb": 23.56},
                        },
                        "prices": {"block": 0.04, "flush": 0.3, "log_kib": 0.02},
                    },
                    [
                        {
                            "config": {
                                "knobs": {
                                    "shared_buffers_mb": 64, "work_mem_mb": 4,
                                    "hash_mem_multiplier": 2.0, "random_page_cost": 4.0,
                                    "effective_cache_size_mb": 4096, "enable_nestloop": True,
                                    "synchronous_commit": True, "wal_compression": False,
                                },
                                "indexes": [],
                            },
                            "cost": 11396.647753452478,
                            "queries": [3834.674978048186, 3125.960790712671, 4436.0119846916205],
                            "transactions": [],
                        },
                    ],
                    2165699,
                ],
                {
                    "knobs": {
                        "shared_buffers_mb": 64, "work_mem_mb": 4, "hash_mem_multiplier": 2.0,
                        "random_page_cost": 4.0, "effective_cache_size_mb": 4096,
                        "enable_nestloop": True, "synchronous_commit": True,
                        "wal_compression": False,
                    },
                    "indexes": [
                        "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)",
                        "lineitem(l_partkey)", "lineitem(l_suppkey)", "lineitem(l_shipdate)",
                    ],
                },
            ),
            (
                "__call__",
                [
                    {
                        "knobs": {
                            "shared_buffers_mb": {"type": "int", "levels": [16, 64, 256], "default": 64},
                            "work_mem_mb": {"type": "int", "levels": [1, 4, 16, 64], "default": 4},
                            "hash_mem_multiplier": {"type": "float", "levels": [1.0, 2.0], "default": 2.0},
                            "random_page_cost": {"type": "float", "levels": [1.1, 2.0, 4.0], "default": 4.0},
                            "effective_cache_size_mb": {"type": "int", "levels": [32, 4096], "default": 4096},
                            "enable_nestloop": {"type": "bool", "levels": [False, True], "default": True},
                            "synchronous_commit": {"type": "bool", "levels": [False, True], "default": True},
                            "wal_compression": {"type": "bool", "levels": [False, True], "default": False},
                        },
                        "indexes": {
                            "lineitem(l_partkey)": {"table": "lineitem", "columns": ["l_partkey"], "mb": 1.3},
                            "lineitem(l_suppkey)": {"table": "lineitem", "columns": ["l_suppkey"], "mb": 1.23},
                            "lineitem(l_shipdate)": {"table": "lineitem", "columns": ["l_shipdate"], "mb": 1.22},
                            "lineitem(l_receiptdate)": {"table": "lineitem", "columns": ["l_receiptdate"], "mb": 1.22},
                            "lineitem(l_partkey,l_suppkey)": {"table": "lineitem", "columns": ["l_partkey", "l_suppkey"], "mb": 1.76},
                            "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)": {
                                "table": "lineitem",
                                "columns": ["l_shipdate", "l_discount", "l_quantity", "l_extendedprice"],
                                "mb": 7.01,
                            },
                            "lineitem(l_partkey,l_quantity,l_extendedprice)": {
                                "table": "lineitem",
                                "columns": ["l_partkey", "l_quantity", "l_extendedprice"],
                                "mb": 6.73,
                            },
                            "lineitem(l_orderkey,l_suppkey,l_commitdate,l_receiptdate)": {
                                "table": "lineitem",
                                "columns": ["l_orderkey", "l_suppkey", "l_commitdate", "l_receiptdate"],
                                "mb": 5.45,
                            },
                            "lineitem(l_orderkey,l_quantity)": {
                                "table": "lineitem",
                                "columns": ["l_orderkey", "l_quantity"],
                                "mb": 5.45,
                            },
                            "orders(o_orderdate)": {"table": "orders", "columns": ["o_orderdate"], "mb": 0.37},
                            "orders(o_custkey)": {"table": "orders", "columns": ["o_custkey"], "mb": 0.38},
                            "customer(c_nationkey)": {"table": "customer", "columns": ["c_nationkey"], "mb": 0.05},
                            "part(p_size)": {"table": "part", "columns": ["p_size"], "mb": 0.05},
                            "part(p_type)": {"table": "part", "columns": ["p_type"], "mb": 0.06},
                            "part(p_brand,p_container)": {"table": "part", "columns": ["p_brand", "p_container"], "mb": 0.09},
                            "partsupp(ps_suppkey)": {"table": "partsupp", "columns": ["ps_suppkey"], "mb": 0.17},
                            "supplier(s_nationkey)": {"table": "supplier", "columns": ["s_nationkey"], "mb": 0.02},
                        },
                        "most_indexes": 4,
                        "memory_mb": 512,
                        "connections": 8,
                    },
                    {
                        "budget": 30,
                        "queries": [
                            {"weight": 19.2, "what_if": [[[], 11502.63]]},
                            {"weight": 348.0, "what_if": [[[], 7574.27]]},
                            {
                                "weight": 34.0,
                                "what_if": [
                                    [
                                        [
                                            "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)",
                                        ],
                                        1253.41,
                                    ],
                                    [["lineitem(l_shipdate)"], 4048.77],
                                    [[], 7096.36],
                                ],
                            },
                        ],
                        "transactions": [],
                        "tables": {
                            "region": {"rows": 5, "mb": 0.01},
                            "nation": {"rows": 25, "mb": 0.01},
                            "part": {"rows": 6000, "mb": 0.88},
                            "supplier": {"rows": 300, "mb": 0.05},
                            "partsupp": {"rows": 24000, "mb": 4.19},
                            "customer": {"rows": 4500, "mb": 0.84},
                            "orders": {"rows": 45000, "mb": 6.19},
                            "lineitem": {"rows": 180566, "mb": 23.56},
                        },
                        "prices": {"block": 0.04, "flush": 0.3, "log_kib": 0.02},
                    },
                    [
                        {
                            "config": {
                                "knobs": {
                                    "shared_buffers_mb": 64, "work_mem_mb": 4,
                                    "hash_mem_multiplier": 2.0, "random_page_cost": 4.0,
                                    "effective_cache_size_mb": 4096, "enable_nestloop": True,
                                    "synchronous_commit": True, "wal_compression": False,
                                },
                                "indexes": [],
                            },
                            "cost": 11396.647753452478,
                            "queries": [3834.674978048186, 3125.960790712671, 4436.0119846916205],
                            "transactions": [],
                        },
                        {
                            "config": {
                                "knobs": {
                                    "shared_buffers_mb": 64, "work_mem_mb": 4,
                                    "hash_mem_multiplier": 2.0, "random_page_cost": 4.0,
                                    "effective_cache_size_mb": 4096, "enable_nestloop": True,
                                    "synchronous_commit": True, "wal_compression": False,
                                },
                                "indexes": [
                                    "lineitem(l_partkey)", "lineitem(l_suppkey)",
                                    "lineitem(l_shipdate)",
                                    "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)",
                                ],
                            },
                            "cost": 6926.873761325309,
                            "queries": [3729.935962487618, 3145.0219181979137, 51.915880639776944],
                            "transactions": [],
                        },
                    ],
                    2165699,
                ],
                {
                    "knobs": {
                        "shared_buffers_mb": 64, "work_mem_mb": 4, "hash_mem_multiplier": 2.0,
                        "random_page_cost": 4.0, "effective_cache_size_mb": 4096,
                        "enable_nestloop": True, "synchronous_commit": False,
                        "wal_compression": False,
                    },
                    "indexes": [
                        "lineitem(l_partkey)", "lineitem(l_suppkey)", "lineitem(l_shipdate)",
                        "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)",
                    ],
                },
            ),
        ),
        "total": 30,
        "objective": 47.91789988189593,
    },
    {
        "instance": "train-tight-2",
        "family": "tight",
        "calls": (
            (
                "__call__",
                [
                    {
                        "knobs": {
                            "shared_buffers_mb": {"type": "int", "levels": [16, 64, 256], "default": 64},
                            "work_mem_mb": {"type": "int", "levels": [1, 4, 16, 64], "default": 4},
                            "hash_mem_multiplier": {"type": "float", "levels": [1.0, 2.0], "default": 2.0},
                            "random_page_cost": {"type": "float", "levels": [1.1, 2.0, 4.0], "default": 4.0},
                            "effective_cache_size_mb": {"type": "int", "levels": [32, 4096], "default": 4096},
                            "enable_nestloop": {"type": "bool", "levels": [False, True], "default": True},
                            "synchronous_commit": {"type": "bool", "levels": [False, True], "default": True},
                            "wal_compression": {"type": "bool", "levels": [False, True], "default": False},
                        },
                        "indexes": {
                            "lineitem(l_partkey)": {"table": "lineitem", "columns": ["l_partkey"], "mb": 1.3},
                            "lineitem(l_suppkey)": {"table": "lineitem", "columns": ["l_suppkey"], "mb": 1.23},
                            "lineitem(l_shipdate)": {"table": "lineitem", "columns": ["l_shipdate"], "mb": 1.22},
                            "lineitem(l_receiptdate)": {"table": "lineitem", "columns": ["l_receiptdate"], "mb": 1.22},
                            "lineitem(l_partkey,l_suppkey)": {"table": "lineitem", "columns": ["l_partkey", "l_suppkey"], "mb": 1.76},
                            "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)": {
                                "table": "lineitem",
                                "columns": ["l_shipdate", "l_discount", "l_quantity", "l_extendedprice"],
                                "mb": 7.01,
                            },
                            "lineitem(l_partkey,l_quantity,l_extendedprice)": {
                                "table": "lineitem",
                                "columns": ["l_partkey", "l_quantity", "l_extendedprice"],
                                "mb": 6.73,
                            },
                            "lineitem(l_orderkey,l_suppkey,l_commitdate,l_receiptdate)": {
                                "table": "lineitem",
                                "columns": ["l_orderkey", "l_suppkey", "l_commitdate", "l_receiptdate"],
                                "mb": 5.45,
                            },
                            "lineitem(l_orderkey,l_quantity)": {
                                "table": "lineitem",
                                "columns": ["l_orderkey", "l_quantity"],
                                "mb": 5.45,
                            },
                            "orders(o_orderdate)": {"table": "orders", "columns": ["o_orderdate"], "mb": 0.37},
                            "orders(o_custkey)": {"table": "orders", "columns": ["o_custkey"], "mb": 0.38},
                            "customer(c_nationkey)": {"table": "customer", "columns": ["c_nationkey"], "mb": 0.05},
                            "part(p_size)": {"table": "part", "columns": ["p_size"], "mb": 0.05},
                            "part(p_type)": {"table": "part", "columns": ["p_type"], "mb": 0.06},
                            "part(p_brand,p_container)": {"table": "part", "columns": ["p_brand", "p_container"], "mb": 0.09},
                            "partsupp(ps_suppkey)": {"table": "partsupp", "columns": ["ps_suppkey"], "mb": 0.17},
                            "supplier(s_nationkey)": {"table": "supplier", "columns": ["s_nationkey"], "mb": 0.02},
                        },
                        "most_indexes": 4,
                        "memory_mb": 192,
                        "connections": 16,
                    },
                    {
                        "budget": 30,
                        "queries": [
                            {
                                "weight": 8.25,
                                "what_if": [
                                    [
                                        [
                                            "lineitem(l_orderkey,l_suppkey,l_commitdate,l_receiptdate)",
                                            "orders(o_orderdate)",
                                        ],
                                        4171.98,
                                    ],
                                    [
                                        [
                                            "lineitem(l_orderkey,l_suppkey,l_commitdate,l_receiptdate)",
                                        ],
                                        4797.07,
                                    ],
                                    [["orders(o_orderdate)"], 6908.66],
                                    [[], 7533.76],
                                ],
                            },
                            {
                                "weight": 617.0,
                                "what_if": [
                                    [
                                        [
                                            "part(p_size)", "partsupp(ps_suppkey)",
                                            "supplier(s_nationkey)",
                                        ],
                                        1087.3,
                                    ],
                                    [["part(p_size)", "partsupp(ps_suppkey)"], 1097.94],
                                    [["partsupp(ps_suppkey)", "supplier(s_nationkey)"], 1166.64],
                                    [["partsupp(ps_suppkey)"], 1177.28],
                                    [["part(p_size)", "supplier(s_nationkey)"], 1406.23],
                                    [["part(p_size)"], 1413.99],
                                    [["supplier(s_nationkey)"], 1485.57],
                                    [[], 1493.33],
                                ],
                            },
                            {
                                "weight": 5.93,
                                "what_if": [
                                    [
                                        [
                                            "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)",
                                        ],
                                        1253.41,
                                    ],
                                    [["lineitem(l_shipdate)"], 4048.77],
                                    [[], 7096.36],
                                ],
                            },
                        ],
                        "transactions": [],
                        "tables": {
                            "region": {"rows": 5, "mb": 0.01},
                            "nation": {"rows": 25, "mb": 0.01},
                            "part": {"rows": 6000, "mb": 0.88},
                            "supplier": {"rows": 300, "mb": 0.05},
                            "partsupp": {"rows": 24000, "mb": 4.19},
                            "customer": {"rows": 4500, "mb": 0.84},
                            "orders": {"rows": 45000, "mb": 6.19},
                            "lineitem": {"rows": 180566, "mb": 23.56},
                        },
                        "prices": {"block": 0.15, "flush": 3.0, "log_kib": 0.01},
                    },
                    [
                        {
                            "config": {
                                "knobs": {
                                    "shared_buffers_mb": 64, "work_mem_mb": 4,
                                    "hash_mem_multiplier": 2.0, "random_page_cost": 4.0,
                                    "effective_cache_size_mb": 4096, "enable_nestloop": True,
                                    "synchronous_commit": True, "wal_compression": False,
                                },
                                "indexes": [],
                            },
                            "cost": 8629.148166201921,
                            "queries": [3771.866253637064, 2218.0198270649, 2639.262085499957],
                            "transactions": [],
                        },
                    ],
                    650847519,
                ],
                {
                    "knobs": {
                        "shared_buffers_mb": 64, "work_mem_mb": 4, "hash_mem_multiplier": 2.0,
                        "random_page_cost": 4.0, "effective_cache_size_mb": 4096,
                        "enable_nestloop": True, "synchronous_commit": True,
                        "wal_compression": False,
                    },
                    "indexes": [
                        "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)",
                        "lineitem(l_orderkey,l_suppkey,l_commitdate,l_receiptdate)",
                        "partsupp(ps_suppkey)", "orders(o_orderdate)",
                    ],
                },
            ),
        ),
        "total": 30,
        "objective": 19.406153024045164,
    },
    {
        "instance": "validation-desk-1",
        "family": "desk",
        "calls": (
            (
                "__call__",
                [
                    {
                        "knobs": {
                            "shared_buffers_mb": {"type": "int", "levels": [16, 64, 256], "default": 64},
                            "work_mem_mb": {"type": "int", "levels": [1, 4, 16, 64], "default": 4},
                            "hash_mem_multiplier": {"type": "float", "levels": [1.0, 2.0], "default": 2.0},
                            "random_page_cost": {"type": "float", "levels": [1.1, 2.0, 4.0], "default": 4.0},
                            "effective_cache_size_mb": {"type": "int", "levels": [32, 4096], "default": 4096},
                            "enable_nestloop": {"type": "bool", "levels": [False, True], "default": True},
                            "synchronous_commit": {"type": "bool", "levels": [False, True], "default": True},
                            "wal_compression": {"type": "bool", "levels": [False, True], "default": False},
                        },
                        "indexes": {
                            "lineitem(l_partkey)": {"table": "lineitem", "columns": ["l_partkey"], "mb": 1.3},
                            "lineitem(l_suppkey)": {"table": "lineitem", "columns": ["l_suppkey"], "mb": 1.23},
                            "lineitem(l_shipdate)": {"table": "lineitem", "columns": ["l_shipdate"], "mb": 1.22},
                            "lineitem(l_receiptdate)": {"table": "lineitem", "columns": ["l_receiptdate"], "mb": 1.22},
                            "lineitem(l_partkey,l_suppkey)": {"table": "lineitem", "columns": ["l_partkey", "l_suppkey"], "mb": 1.76},
                            "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)": {
                                "table": "lineitem",
                                "columns": ["l_shipdate", "l_discount", "l_quantity", "l_extendedprice"],
                                "mb": 7.01,
                            },
                            "lineitem(l_partkey,l_quantity,l_extendedprice)": {
                                "table": "lineitem",
                                "columns": ["l_partkey", "l_quantity", "l_extendedprice"],
                                "mb": 6.73,
                            },
                            "lineitem(l_orderkey,l_suppkey,l_commitdate,l_receiptdate)": {
                                "table": "lineitem",
                                "columns": ["l_orderkey", "l_suppkey", "l_commitdate", "l_receiptdate"],
                                "mb": 5.45,
                            },
                            "lineitem(l_orderkey,l_quantity)": {
                                "table": "lineitem",
                                "columns": ["l_orderkey", "l_quantity"],
                                "mb": 5.45,
                            },
                            "orders(o_orderdate)": {"table": "orders", "columns": ["o_orderdate"], "mb": 0.37},
                            "orders(o_custkey)": {"table": "orders", "columns": ["o_custkey"], "mb": 0.38},
                            "customer(c_nationkey)": {"table": "customer", "columns": ["c_nationkey"], "mb": 0.05},
                            "part(p_size)": {"table": "part", "columns": ["p_size"], "mb": 0.05},
                            "part(p_type)": {"table": "part", "columns": ["p_type"], "mb": 0.06},
                            "part(p_brand,p_container)": {"table": "part", "columns": ["p_brand", "p_container"], "mb": 0.09},
                            "partsupp(ps_suppkey)": {"table": "partsupp", "columns": ["ps_suppkey"], "mb": 0.17},
                            "supplier(s_nationkey)": {"table": "supplier", "columns": ["s_nationkey"], "mb": 0.02},
                        },
                        "most_indexes": 4,
                        "memory_mb": 4096,
                        "connections": 8,
                    },
                    {
                        "budget": 30,
                        "queries": [
                            {
                                "weight": 3.61,
                                "what_if": [
                                    [["lineitem(l_partkey,l_suppkey)"], 2115.17],
                                    [["lineitem(l_partkey)"], 2785.88],
                                    [["lineitem(l_partkey,l_quantity,l_extendedprice)"], 3068.91],
                                    [[], 6737.12],
                                ],
                            },
                            {
                                "weight": 1.31,
                                "what_if": [
                                    [["lineitem(l_partkey)"], 547.45],
                                    [["lineitem(l_partkey,l_suppkey)"], 547.45],
                                    [["lineitem(l_partkey,l_quantity,l_extendedprice)"], 548.1],
                                    [[], 26369.0],
                                ],
                            },
                        ],
                        "transactions": [{"weight": 583.0, "tables": ["partsupp"]}],
                        "tables": {
                            "region": {"rows": 5, "mb": 0.01},
                            "nation": {"rows": 25, "mb": 0.01},
                            "part": {"rows": 6000, "mb": 0.88},
                            "supplier": {"rows": 300, "mb": 0.05},
                            "partsupp": {"rows": 24000, "mb": 4.19},
                            "customer": {"rows": 4500, "mb": 0.84},
                            "orders": {"rows": 45000, "mb": 6.19},
                            "lineitem": {"rows": 180566, "mb": 23.56},
                        },
                        "prices": {"block": 0.15, "flush": 3.0, "log_kib": 0.01},
                    },
                    [
                        {
                            "config": {
                                "knobs": {
                                    "shared_buffers_mb": 64, "work_mem_mb": 4,
                                    "hash_mem_multiplier": 2.0, "random_page_cost": 4.0,
                                    "effective_cache_size_mb": 4096, "enable_nestloop": True,
                                    "synchronous_commit": True, "wal_compression": False,
                                },
                                "indexes": [],
                            },
                            "cost": 6403.2793000235615,
                            "queries": [1763.0983489575951, 2865.696861943104],
                            "transactions": [1774.4840891228628],
                        },
                    ],
                    979396957,
                ],
                {
                    "knobs": {
                        "shared_buffers_mb": 64, "work_mem_mb": 4, "hash_mem_multiplier": 2.0,
                        "random_page_cost": 4.0, "effective_cache_size_mb": 4096,
                        "enable_nestloop": True, "synchronous_commit": True,
                        "wal_compression": False,
                    },
                    "indexes": [
                        "lineitem(l_partkey,l_suppkey)", "lineitem(l_partkey)",
                        "lineitem(l_suppkey)", "lineitem(l_shipdate)",
                    ],
                },
            ),
            (
                "__call__",
                [
                    {
                        "knobs": {
                            "shared_buffers_mb": {"type": "int", "levels": [16, 64, 256], "default": 64},
                            "work_mem_mb": {"type": "int", "levels": [1, 4, 16, 64], "default": 4},
                            "hash_mem_multiplier": {"type": "float", "levels": [1.0, 2.0], "default": 2.0},
                            "random_page_cost": {"type": "float", "levels": [1.1, 2.0, 4.0], "default": 4.0},
                            "effective_cache_size_mb": {"type": "int", "levels": [32, 4096], "default": 4096},
                            "enable_nestloop": {"type": "bool", "levels": [False, True], "default": True},
                            "synchronous_commit": {"type": "bool", "levels": [False, True], "default": True},
                            "wal_compression": {"type": "bool", "levels": [False, True], "default": False},
                        },
                        "indexes": {
                            "lineitem(l_partkey)": {"table": "lineitem", "columns": ["l_partkey"], "mb": 1.3},
                            "lineitem(l_suppkey)": {"table": "lineitem", "columns": ["l_suppkey"], "mb": 1.23},
                            "lineitem(l_shipdate)": {"table": "lineitem", "columns": ["l_shipdate"], "mb": 1.22},
                            "lineitem(l_receiptdate)": {"table": "lineitem", "columns": ["l_receiptdate"], "mb": 1.22},
                            "lineitem(l_partkey,l_suppkey)": {"table": "lineitem", "columns": ["l_partkey", "l_suppkey"], "mb": 1.76},
                            "lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)": {
                                "table": "lineitem",
                                "columns": ["l_shipdate", "l_discount", "l_quantity", "l_extendedprice"],
                                "mb": 7.01,
                            },
                            "lineitem(l_partkey,l_quantity,l_extendedprice)": {
                                "table": "lineitem",
                                "columns": ["l_partkey", "l_quantity", "l_extendedprice"],
                                "mb": 6.73,
                            },
                            "lineitem(l_orderkey,l_suppkey,l_commitdate,l_receiptdate)": {
                                "table": "lineitem",
                                "columns": ["l_orderkey", "l_suppkey", "l_commitdate", "l_receiptdate"],
                                "mb": 5.45,
                            },
                            "lineitem(l_orderkey,l_quantity)": {
                                "table": "lineitem",
                                "columns": ["l_orderkey", "l_quantity"],
                                "mb": 5.45,
                            },
                            "orders(o_orderdate)": {"table": "orders", "columns": ["o_orderdate"], "mb": 0.37},
                            "orders(o_custkey)": {"table": "orders", "columns": ["o_custkey"], "mb": 0.38},
                            "customer(c_nationkey)": {"table": "customer", "columns": ["c_nationkey"], "mb": 0.05},
                            "part(p_size)": {"table": "part", "columns": ["p_size"], "mb": 0.05},
                            "part(p_type)": {"table": "part", "columns": ["p_type"], "mb": 0.06},
                            "part(p_brand,p_container)": {"table": "part", "columns": ["p_brand", "p_container"], "mb": 0.09},
                            "partsupp(ps_suppkey)": {"table": "partsupp", "columns": ["ps_suppkey"], "mb": 0.17},
                            "supplier(s_nationkey)": {"table": "supplier", "columns": ["s_nationkey"], "mb": 0.02},
                        },
                        "most_indexes": 4,
                        "memory_mb": 4096,
                        "connections": 8,
                    },
                    {
                        "budget": 30,
                        "queries": [
                            {
                                "weight": 3.61,
                                "what_if": [
                                    [["lineitem(l_partkey,l_suppkey)"], 2115.17],
                                    [["lineitem(l_partkey)"], 2785.88],
                                    [["lineitem(l_partkey,l_quantity,l_extendedprice)"], 3068.91],
                                    [[], 6737.12],
                                ],
                            },
                            {
                                "weight": 1.31,
                                "what_if": [
                                    [["lineitem(l_partkey)"], 547.45],
                                    [["lineitem(l_partkey,l_suppkey)"], 547.45],
                                    [["lineitem(l_partkey,l_quantity,l_extendedprice)"], 548.1],
                                    [[], 26369.0],
                                ],
                            },
                        ],
                        "transactions": [{"weight": 583.0, "tables": ["partsupp"]}],
                        "tables": {
                            "region": {"rows": 5, "mb": 0.01},
                            "nation": {"rows": 25, "mb": 0.01},
                            "part": {"rows": 6000, "mb": 0.88},
                            "supplier": {"rows": 300, "mb": 0.05},
                            "partsupp": {"rows": 24000, "mb": 4.19},
                            "customer": {"rows": 4500, "mb": 0.84},
                            "orders": {"rows": 45000, "mb": 6.19},
                            "lineitem": {"rows": 180566, "mb": 23.56},
                        },
                        "prices": {"block": 0.15, "flush": 3.0, "log_kib": 0.01},
                    },
                    [
                        {
                            "config": {
                                "knobs": {
                                    "shared_buffers_mb": 64, "work_mem_mb": 4,
                                    "hash_mem_multiplier": 2.0, "random_page_cost": 4.0,
                                    "effective_cache_size_mb": 4096, "enable_nestloop": True,
                                    "synchronous_commit": True, "wal_compression": False,
                                },
                                "indexes": [],
                            },
                            "cost": 6403.2793000235615,
                            "queries": [1763.0983489575951, 2865.696861943104],
                            "transactions": [1774.4840891228628],
                        },
                        {
                            "config": {
                                "knobs": {
                                    "shared_buffers_mb": 64, "work_mem_mb": 4,
                                    "hash_mem_multiplier": 2.0, "random_page_cost": 4.0,
                                    "effective_cache_size_mb": 4096, "enable_nestloop": True,
                                    "synchronous_commit": True, "wal_compression": False,
                                },
                                "indexes": [
                                    "lineitem(l_partkey)", "lineitem(l_suppkey)",
                                    "lineitem(l_shipdate)", "lineitem(l_partkey,l_suppkey)",
                                ],
                            },
                            "cost": 1860.5107493051144,
                            "queries": [101.32300139607814, 0.3969421590986788],
                            "transactions": [1758.7908057499376],
                        },
                    ],
                    979396957,
                ],
                {
                    "knobs": {
                        "shared_buffers_mb": 64, "work_mem_mb": 4, "hash_mem_multiplier": 2.0,
                        "random_page_cost": 4.0, "effective_cache_size_mb": 4096,
                        "enable_nestloop": True, "synchronous_commit": True,
                        "wal_compression": True,
                    },
                    "indexes": [
                        "lineitem(l_partkey)", "lineitem(l_suppkey)", "lineitem(l_shipdate)",
                        "lineitem(l_partkey,l_suppkey)",
                    ],
                },
            ),
        ),
        "total": 30,
        "objective": 7.049524517035542,
    },
]


def _same(answer: Any, expected: Any) -> bool:
    """Compare plain values; floats to nine digits, as machines differ in the last ones."""
    if isinstance(expected, list):
        return isinstance(answer, list) and len(answer) == len(expected) and all(map(_same, answer, expected))
    if isinstance(expected, dict):
        same_keys = isinstance(answer, dict) and answer.keys() == expected.keys()
        return same_keys and all(_same(answer[key], expected[key]) for key in expected)
    if isinstance(expected, float):
        return isinstance(answer, (int, float)) and math.isclose(answer, expected, rel_tol=1e-9, abs_tol=1e-12)
    return type(answer) is type(expected) and answer == expected


def _replay(case: dict[str, Any]) -> str:
    """Ask again what was asked; the first answer that differs from the recorded one, or nothing."""
    random.seed(0)  # as it was when the case was recorded
    target: Any = suggest
    for number, (method, arguments, expected) in enumerate(case["calls"], 1):
        given = json.loads(json.dumps(arguments))  # copies: the heuristic may change what it is given
        if method == "__init__":
            target = suggest(*given)
            continue
        answer = getattr(target, method)(*given)
        answer = json.loads(json.dumps(answer, default=lambda value: value.tolist()))
        if not _same(answer, expected):
            return f"call {number} ({method}) answered {answer!r:.200}, recorded was {expected!r:.200}"
    return ""


def _recheck() -> int:
    """Replay every case and say how many came out as recorded."""
    wrong = 0
    for case in CASES:
        try:
            difference = _replay(case)
        except Exception as error:  # noqa: BLE001
            difference = f"{type(error).__name__}: {error}"
        if difference:
            wrong += 1
            print(f"{case['instance']}: {difference}")
    print(f"{'failed' if wrong else 'ok'}: {len(CASES) - wrong} of {len(CASES)} cases")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(_recheck())
