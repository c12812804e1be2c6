"""Tuning PostgreSQL: a heuristic for knob_tuning/postgres.

Which knobs and which few indexes should a PostgreSQL server have, when every try costs a measured
run? Call `suggest`; its docstring says what goes in and what comes out.

Tune a database: from the cheapest configuration so far, try the change that should save most by estimates, rules and experience.

The part between the markers scores one change; the functions below it make the changes and measure what is known of them.

Mean gap to the reference (least cost of all configurations in the measured table; reached from the
first run on only by who knows it); 0 is the reference, lower is better:

    program            train  validation        test
    this program      0.0916      0.0207      0.0459
    tpe               0.4255      0.8812      0.8102
    smac              0.4742      0.5859      0.8045
    llamatune         0.5214      0.5867      0.8362
    lhs               0.5518      0.6383      0.7874
    cmaes             0.5990      1.1003      0.8722
    autoadmin         0.9046      1.1837      0.4400
    drop              0.9048      1.1837      0.4400
    extend            1.1919      1.2840      0.4559
    pgtune            1.4139      2.1531      2.7274
    default           2.0557      3.0711      3.0893

Candidate 1 of run postgres-20261126-022714-4b12, written by: no LLM (built-in operators); 2 steps
from gap 0.1234 to 0.0916. Exported 2026-11-26. Certificate: fragile (2026-11-26: stress one-query:
gap 0.1407, llamatune 0.0741, tolerance 0.05). Licence: derived from the problem's seed program,
whose licence applies.

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


TUNABLE = {
    "TRUST": (0.0, 1.0), "UPKEEP": (0.0, 1.0), "COMMIT": (0.0, 1.0), "BUFFERS": (0.0, 0.1), "MEMORY": (0.0, 0.1),
    "PAGE": (0.0, 0.1), "AGAIN": (0.0, 0.1), "GAINED": (0.0, 1.0), "SIZE": (0.0, 0.02),
}  # fmt: skip
TRUST = 0.489871  # how far estimates of indexes hold
UPKEEP = 0.017725  # share of the cost of a transaction that an index adds
COMMIT = 0.553353  # share of it that waiting for the log takes
BUFFERS = 0.0245007  # share of the cost that a level more of shared_buffers saves
MEMORY = 0.0115005  # the same for memory of sorts and hashes
PAGE = 0.0518908  # the same for a lower random_page_cost
AGAIN = 0.078927  # what a change loses each time that it was tried
GAINED = 0.342317  # how far experience counts
SIZE = 0.0064043  # what each knob or index that is touched loses, for clean comparisons


def worth(
    saving: float,
    mb: float,
    upkeep: float,
    writes: float,
    buffers: int,
    memory: int,
    page_cost: int,
    cache: int,
    nestloop: int,
    commit: int,
    compress: int,
    size: int,
    tried: int,
    gained: float,
    left: float,
    luck: float,
) -> float:
    """Score of a change to the cheapest configuration so far; the one with the greatest is run next.

    saving     share of the cost that the new indexes would save if the planner's estimates held (below 0: lose)
    mb         MB of indexes more than now (below 0: fewer)
    upkeep     share of the cost spent in transactions that change tables of added indexes, added up (dropped ones negative)
    writes     share of the cost that is spent in transactions
    buffers    levels by which shared_buffers rises (below 0: falls; 0 as with all knobs: no change)
    memory     levels by which work_mem and hash_mem_multiplier rise
    page_cost  levels by which random_page_cost rises
    cache      levels by which effective_cache_size rises
    nestloop   1: enable_nestloop on, -1: off
    commit     1: synchronous_commit on, -1: off
    compress   1: wal_compression on, -1: off
    size       how many knobs and indexes the change touches
    tried      runs so far that touched any of them
    gained     share of the cost that these runs saved on average, each against the cheapest before it (0 if none)
    left       share of the budget that is left
    luck       a random number in 0..1
    """
    expected = TRUST * saving - UPKEEP * upkeep - COMMIT * commit * writes + BUFFERS * buffers + MEMORY * memory - PAGE * page_cost
    return expected + GAINED * gained - AGAIN * tried - SIZE * size + 0.01 * luck


def suggest(space: dict, workload: dict, history: list[dict], seed: int) -> dict:
    """Suggest the configuration to measure next.

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

    Problem: Tuning PostgreSQL (knob_tuning/postgres, version da842f99dc4f). Which knobs and
    which few indexes should a PostgreSQL server have, when every try costs a measured run?

    Objective: minimised, in % of the default's cost, mean over the runs.

    Reference: least cost of all configurations in the measured table; reached from the first
    run on only by who knows it
    """
    rng = random.Random(f"{seed} {len(history)}")
    done = [run for run in history if run["cost"] is not None]
    best = min(done, key=lambda run: run["cost"])
    now = best["config"]
    touched = effects(history)
    measured = {key(run["config"]) for run in history}
    held = frozenset(now["indexes"])
    estimates = {}
    top = None
    for config in changes(space, workload, best):
        luck = rng.random()
        if key(config) in measured or not fits(space, config):
            continue
        indexes = frozenset(config["indexes"])
        if indexes not in estimates:
            estimates[indexes] = saving(workload, best, held, indexes)
        value = worth(
            *estimates[indexes],
            *index_costs(space, workload, best, held, indexes),
            *steps(space, now, config),
            *experience(touched, now, config),
            1 - len(history) / (workload["budget"] + 1),
            luck,
        )
        if not abs(value) < 1e300:  # infinite or no number: the last resort
            value = -1e300
        if top is None or value > top[0]:
            top = (value, config)
    return top[1] if top else now


def changes(space, workload, best):
    """Configurations near the cheapest so far: one knob, one index more, less or another, an advised set, both at once."""
    now = best["config"]
    held = now["indexes"]
    knobs = []
    for name, knob in space["knobs"].items():
        knobs += [{**now["knobs"], name: level} for level in knob["levels"] if level != now["knobs"][name]]
    sets = [[i for i in held if i != gone] for gone in held]
    for index in space["indexes"]:
        if index not in held:
            if len(held) < space["most_indexes"]:
                sets.append([*held, index])
            sets += [[index if i == gone else i for i in held] for gone in held]
    advised = advice(space, workload, best)
    sets += [some for some in advised if set(some) != set(held)]
    eager = {**now["knobs"], **bold(space)}
    found = [{"knobs": k, "indexes": held} for k in (*knobs, eager)]
    found += [{"knobs": now["knobs"], "indexes": some} for some in sets]
    found += [{"knobs": k, "indexes": some} for some in advised for k in (*knobs, eager)]
    return found


def bold(space):
    """Knobs as rules of thumb for an SSD have them: random reads are cheap, commits need not wait, as much memory as fits."""
    wish = {"random_page_cost": 1.1, "synchronous_commit": False}
    for buffers in reversed(space["knobs"]["shared_buffers_mb"]["levels"]):
        for memory in reversed(space["knobs"]["work_mem_mb"]["levels"]):
            trial = {
                "shared_buffers_mb": buffers,
                "work_mem_mb": memory,
                "hash_mem_multiplier": space["knobs"]["hash_mem_multiplier"]["levels"][0],
            }
            if fits(space, {"knobs": trial}):
                wish = {**wish, **trial}
                return {name: value for name, value in wish.items() if value in space["knobs"][name]["levels"]}
    return {}


def advice(space, workload, best):
    """Sets of 1, 2, ... indexes, each the last and the index that saves most if the estimates hold."""
    chosen, sets = [], []
    before = frozenset(best["config"]["indexes"])
    while len(chosen) < space["most_indexes"]:
        left = [i for i in space["indexes"] if i not in chosen]
        if not left:
            break
        value, index = max((saving(workload, best, before, frozenset([*chosen, i]))[0], i) for i in left)
        if sets and value <= saving(workload, best, before, frozenset(chosen))[0]:
            break
        chosen.append(index)
        sets.append(list(chosen))
    return sets


def saving(workload, best, held, indexes):
    """Share of the measured cost that another set of indexes saves if each query changes as its estimate does (one number)."""
    saved = 0.0
    for query, cost in zip(workload["queries"], best["queries"], strict=True):
        saved += cost * (1 - estimate(query, indexes) / estimate(query, held))
    return (saved / best["cost"],)


def estimate(query, indexes):
    """The planner's estimate of a query for a set of indexes."""
    for used, value in query["what_if"]:
        if indexes.issuperset(used):
            return value
    return query["what_if"][-1][1]


def index_costs(space, workload, best, held, indexes):
    """MB more, share of the cost in transactions on tables of added indexes, and share of all transactions."""
    mb = upkeep = 0.0
    for index in held ^ indexes:
        sign = 1 if index in indexes else -1
        mb += sign * space["indexes"][index]["mb"]
        for transaction, cost in zip(workload["transactions"], best["transactions"], strict=True):
            if space["indexes"][index]["table"] in transaction["tables"]:
                upkeep += sign * cost / best["cost"]
    return mb, upkeep, sum(best["transactions"]) / best["cost"]


def steps(space, now, config):
    """Levels by which each knob rises: buffers, memory, page cost, cache, nested loops, commit, compression."""
    up = {}
    for name, knob in space["knobs"].items():
        up[name] = knob["levels"].index(config["knobs"][name]) - knob["levels"].index(now["knobs"][name])
    return (
        up["shared_buffers_mb"],
        up["work_mem_mb"] + up["hash_mem_multiplier"],
        up["random_page_cost"],
        up["effective_cache_size_mb"],
        up["enable_nestloop"],
        up["synchronous_commit"],
        up["wal_compression"],
    )


def atoms(now, config):
    """What a change touches: knobs that it sets and indexes that it adds or drops."""
    found = {(name, value) for name, value in config["knobs"].items() if now["knobs"][name] != value}
    return found | {(index, index in config["indexes"]) for index in set(now["indexes"]) ^ set(config["indexes"])}


def effects(history):
    """For each thing that runs have touched, the shares of cost that they saved."""
    found = {}
    best = history[0]
    for run in history[1:]:
        if run["cost"] is not None:
            for atom in atoms(best["config"], run["config"]):
                found.setdefault(atom, []).append(1 - run["cost"] / best["cost"])
            if run["cost"] < best["cost"]:
                best = run
    return found


def experience(touched, now, config):
    """How many things a change touches, how many runs touched them before, and what those gained on average."""
    things = atoms(now, config)
    gains = [gain for atom in things for gain in touched.get(atom, ())]
    return len(things), len(gains), sum(gains) / len(gains) if gains else 0.0


def fits(space, config):
    """Whether the server would start."""
    k = config["knobs"]
    return k["shared_buffers_mb"] + space["connections"] * k["work_mem_mb"] * k["hash_mem_multiplier"] <= space["memory_mb"]


def key(config):
    """A configuration as something to compare."""
    return (tuple(sorted(config["knobs"].items())), frozenset(config["indexes"]))


PROVENANCE: dict[str, Any] = {
    "problem": "knob_tuning/postgres",
    "version": "da842f99dc4f",
    "run": "postgres-20261126-022714-4b12",
    "candidate": 1,
    "lineage": [(0, "seed", 0.12337828124252004), (1, "tune", 0.0916204267743003)],
    "models": "no LLM",
    "date": "2026-11-26",
    "verdict": "fragile",
    "reason": "2026-11-26: stress one-query: gap 0.1407, llamatune 0.0741, tolerance 0.05",
    "licence": "derived from the problem's seed program, whose licence applies",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED: dict[str, dict[str, float]] = {
    "this program": {"train": 0.0916204267743003, "validation": 0.020715288341061518, "test": 0.045863914940413336},
    "tpe": {"train": 0.42548578968354134, "validation": 0.8812239699515914, "test": 0.8102077705323452},
    "smac": {"train": 0.4741802424380587, "validation": 0.5859105595250194, "test": 0.8044880547375712},
    "llamatune": {"train": 0.5213963382186702, "validation": 0.586660550260825, "test": 0.836189688524843},
    "lhs": {"train": 0.5517717842522765, "validation": 0.6382808907870915, "test": 0.7874128861106884},
    "cmaes": {"train": 0.5990392842004142, "validation": 1.1003437323157075, "test": 0.8722060608242133},
    "autoadmin": {"train": 0.9045927934995515, "validation": 1.1836632604048154, "test": 0.43995643307553395},
    "drop": {"train": 0.9047638309110988, "validation": 1.1836632604048154, "test": 0.43995643307553395},
    "extend": {"train": 1.1919109824967116, "validation": 1.2839739603693572, "test": 0.45591176868763417},
    "pgtune": {"train": 1.4139362490541494, "validation": 2.1530756891157536, "test": 2.7273822169463346},
    "default": {"train": 2.055749824534907, "validation": 3.0710710413818907, "test": 3.0893011380533295},
}

# What the program was asked on small instances, and what it answered when it was exported.
CASES: list[dict[str, Any]] = [
    {
        "instance": "train-reports-3", "family": "reports",
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
                                "table": "lineitem", "columns": ["l_orderkey", "l_quantity"],
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
                        "most_indexes": 4, "memory_mb": 512, "connections": 8,
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
                                    [["lineitem(l_shipdate)"], 4048.77], [[], 7096.36],
                                ],
                            },
                        ],
                        "transactions": [],
                        "tables": {
                            "region": {"rows": 5, "mb": 0.01}, "nation": {"rows": 25, "mb": 0.01},
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
                        "random_page_cost": 1.1, "effective_cache_size_mb": 4096,
                        "enable_nestloop": True, "synchronous_commit": True,
                        "wal_compression": False,
                    },
                    "indexes": ["lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)"],
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
                                "table": "lineitem", "columns": ["l_orderkey", "l_quantity"],
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
                        "most_indexes": 4, "memory_mb": 512, "connections": 8,
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
                                    [["lineitem(l_shipdate)"], 4048.77], [[], 7096.36],
                                ],
                            },
                        ],
                        "transactions": [],
                        "tables": {
                            "region": {"rows": 5, "mb": 0.01}, "nation": {"rows": 25, "mb": 0.01},
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
                                    "hash_mem_multiplier": 2.0, "random_page_cost": 1.1,
                                    "effective_cache_size_mb": 4096, "enable_nestloop": True,
                                    "synchronous_commit": True, "wal_compression": False,
                                },
                                "indexes": ["lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)"],
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
                        "shared_buffers_mb": 256, "work_mem_mb": 4, "hash_mem_multiplier": 2.0,
                        "random_page_cost": 1.1, "effective_cache_size_mb": 4096,
                        "enable_nestloop": True, "synchronous_commit": True,
                        "wal_compression": False,
                    },
                    "indexes": ["lineitem(l_shipdate,l_discount,l_quantity,l_extendedprice)"],
                },
            ),
        ),
        "total": 30, "objective": 41.80562986467835,
    },
    {
        "instance": "train-tight-2", "family": "tight",
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
                                "table": "lineitem", "columns": ["l_orderkey", "l_quantity"],
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
                        "most_indexes": 4, "memory_mb": 192, "connections": 16,
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
                                    [["orders(o_orderdate)"], 6908.66], [[], 7533.76],
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
                                    [["supplier(s_nationkey)"], 1485.57], [[], 1493.33],
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
                                    [["lineitem(l_shipdate)"], 4048.77], [[], 7096.36],
                                ],
                            },
                        ],
                        "transactions": [],
                        "tables": {
                            "region": {"rows": 5, "mb": 0.01}, "nation": {"rows": 25, "mb": 0.01},
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
                        "random_page_cost": 1.1, "effective_cache_size_mb": 4096,
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
        "total": 30, "objective": 17.832685855937676,
    },
    {
        "instance": "validation-desk-1", "family": "desk",
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
                                "table": "lineitem", "columns": ["l_orderkey", "l_quantity"],
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
                        "most_indexes": 4, "memory_mb": 4096, "connections": 8,
                    },
                    {
                        "budget": 30,
                        "queries": [
                            {
                                "weight": 3.77,
                                "what_if": [[["orders(o_orderdate)"], 6601.82], [[], 7225.43]],
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
                        "transactions": [
                            {"weight": 583.0, "tables": ["partsupp"]},
                            {"weight": 682.0, "tables": ["lineitem"]},
                        ],
                        "tables": {
                            "region": {"rows": 5, "mb": 0.01}, "nation": {"rows": 25, "mb": 0.01},
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
                            "cost": 8549.42813948242,
                            "queries": [1763.2136623288102, 2865.696861943104],
                            "transactions": [1774.4840891228628, 2146.0335260876427],
                        },
                    ],
                    979396957,
                ],
                {
                    "knobs": {
                        "shared_buffers_mb": 256, "work_mem_mb": 64, "hash_mem_multiplier": 1.0,
                        "random_page_cost": 1.1, "effective_cache_size_mb": 4096,
                        "enable_nestloop": True, "synchronous_commit": False,
                        "wal_compression": False,
                    },
                    "indexes": ["lineitem(l_partkey,l_suppkey)", "orders(o_orderdate)"],
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
                                "table": "lineitem", "columns": ["l_orderkey", "l_quantity"],
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
                        "most_indexes": 4, "memory_mb": 4096, "connections": 8,
                    },
                    {
                        "budget": 30,
                        "queries": [
                            {
                                "weight": 3.77,
                                "what_if": [[["orders(o_orderdate)"], 6601.82], [[], 7225.43]],
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
                        "transactions": [
                            {"weight": 583.0, "tables": ["partsupp"]},
                            {"weight": 682.0, "tables": ["lineitem"]},
                        ],
                        "tables": {
                            "region": {"rows": 5, "mb": 0.01}, "nation": {"rows": 25, "mb": 0.01},
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
                            "cost": 8549.42813948242,
                            "queries": [1763.2136623288102, 2865.696861943104],
                            "transactions": [1774.4840891228628, 2146.0335260876427],
                        },
                        {
                            "config": {
                                "knobs": {
                                    "shared_buffers_mb": 256, "work_mem_mb": 64,
                                    "hash_mem_multiplier": 1.0, "random_page_cost": 1.1,
                                    "effective_cache_size_mb": 4096, "enable_nestloop": True,
                                    "synchronous_commit": False, "wal_compression": False,
                                },
                                "indexes": ["lineitem(l_partkey,l_suppkey)", "orders(o_orderdate)"],
                            },
                            "cost": 196.6222170892697,
                            "queries": [23.653261015281128, 0.3518975405878004],
                            "transactions": [44.62252283301521, 127.99453570038555],
                        },
                    ],
                    979396957,
                ],
                {
                    "knobs": {
                        "shared_buffers_mb": 256, "work_mem_mb": 64, "hash_mem_multiplier": 2.0,
                        "random_page_cost": 1.1, "effective_cache_size_mb": 4096,
                        "enable_nestloop": True, "synchronous_commit": False,
                        "wal_compression": False,
                    },
                    "indexes": ["lineitem(l_partkey,l_suppkey)", "orders(o_orderdate)"],
                },
            ),
        ),
        "total": 30, "objective": 2.2728552574786636,
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
