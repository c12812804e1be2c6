# A heuristic, exported by evolve as one module.
#
# knob_tuning_postgres.py: Tuning PostgreSQL (knob_tuning/postgres). Which knob settings and indexes
# should a PostgreSQL server have, given a small budget of measured runs?
#
# Entry: `suggest`. Its docstring says what goes in and what comes out.
#
# Objective: minimised, in % of the default's cost, mean over the runs. Version of the problem:
# e4cbad5388cc.
#
# Mean gap to the reference (minimum cost over all configurations of the measured table, which a
# policy would have to choose in the first run); 0 is the reference, lower is better:
#
#     program            train  validation        test
#     this program       9.16%       2.07%       4.59%
#     tpe                42.5%       88.1%       81.0%
#     smac               47.4%       58.6%       80.4%
#     llamatune          52.1%       58.7%       83.6%
#     lhs                55.2%       63.8%       78.7%
#     cmaes              59.9%      110.0%       87.2%
#     autoadmin          90.5%      118.4%       44.0%
#     drop               90.5%      118.4%       44.0%
#     extend            119.2%      128.4%       45.6%
#     pgtune            141.4%      215.3%      272.7%
#     default           205.6%      307.1%      308.9%
#
# Found by: AST mutation operators (file postgres.py).
#
# Certificate: failed robustness (2026-11-30: stress one-query: gap 14.1%, llamatune 7.41%, tolerance
# +5.00 pp).
#
# Exported 2026-11-30. Licence: derived from the problem's seed program, whose licence applies.
#
# `python knob_tuning_postgres.py` repeats the calls recorded on 3 small instances in
# knob_tuning_postgres.cases.json and compares the answers; of 3 long episodes, the beginning. The
# EVOLVE-BLOCK comments enclose the part that the search was asked to change.
#
# ruff: noqa
# mypy: ignore-errors
# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----
"""Tune a database: from the cheapest configuration so far, try the change that should save most by estimates, rules and experience.

The part between the markers scores one change; the functions below it make the changes and measure what is known of them.
"""

import random

# EVOLVE-BLOCK-START
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


# EVOLVE-BLOCK-END


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

# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----
PROVENANCE = {
    "problem": "knob_tuning/postgres",
    "version": "e4cbad5388cc",
    "run": "file postgres.py",
    "candidate": 0,
    "lineage": [],
    "date": "2026-11-30",
    "found_by": "AST mutation operators",
    "verdict": "fragile",
    "reason": "2026-11-30: stress one-query: gap 14.1%, llamatune 7.41%, tolerance +5.00 pp",
    "certificate": "1e9bde490c71abdc5377cde2856f6c81f20103c677dd721eeb970aec5b17927d",
    "licence": "derived from the problem's seed program, whose licence applies",
    "program": "6ad1d4460862361bf7751e675ad66f9df3c2a78e37f31bd8222eefd1a343983a",
}

# Mean gap to the reference by program and split: 0 is the reference, lower is better.
MEASURED = {
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

# Calls of the program on small instances, and its answers at the time of the export, in 
# knob_tuning_postgres.cases.json, whose SHA-256 is:
CASES_SHA256 = "00f05d51a1af42b090c061d95828483066c17aa1b1de05bc259cf30326543d52"


def _cases():
    """Return the recorded calls, or None and why they are missing."""
    import hashlib
    import json
    import pathlib

    path = pathlib.Path(__file__).with_suffix(".cases.json")
    if not path.is_file():
        return None, f"the self-check needs {path.name}, which was exported beside this module"
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != CASES_SHA256:
        return None, f"{path.name} is not the file that was exported beside this module"
    return json.loads(content), ""


def _same(answer, expected):
    """Compare plain values; floats to nine digits, as machines differ in the last ones."""
    import math

    if isinstance(expected, list):
        return isinstance(answer, list) and len(answer) == len(expected) and all(map(_same, answer, expected))
    if isinstance(expected, dict):
        same_keys = isinstance(answer, dict) and answer.keys() == expected.keys()
        return same_keys and all(_same(answer[key], expected[key]) for key in expected)
    if isinstance(expected, float):
        return isinstance(answer, (int, float)) and math.isclose(answer, expected, rel_tol=1e-9, abs_tol=1e-12)
    return type(answer) is type(expected) and answer == expected


def _replay(case):
    """Repeat the calls of a case; return the first answer that differs from the recorded one, or nothing."""
    import json

    import random
    random.seed(0)
    target = suggest
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


def _recheck():
    """Repeat all cases and print how many agree; return 0 if all do, 1 if not, 2 if they are missing."""
    cases, why = _cases()
    if cases is None:
        print(f"not checked: {why}")
        return 2
    wrong = 0
    for case in cases:
        try:
            difference = _replay(case)
        except Exception as error:  # noqa: BLE001
            difference = f"{type(error).__name__}: {error}"
        if difference:
            wrong += 1
            print(f"{case['instance']}: {difference}")
    print(f"{'failed' if wrong else 'ok'}: {len(cases) - wrong} of {len(cases)} cases")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(_recheck())
