"""Tune a database: from the cheapest configuration so far, try the change that should save most by estimates, rules and experience.

The part between the markers scores one change; the functions below it make the changes and measure what is known of them.
"""

import random

# EVOLVE-BLOCK-START
TUNABLE = {
    "TRUST": (0.0, 1.0), "UPKEEP": (0.0, 1.0), "COMMIT": (0.0, 1.0), "BUFFERS": (0.0, 0.1), "MEMORY": (0.0, 0.1),
    "PAGE": (0.0, 0.1), "AGAIN": (0.0, 0.1), "GAINED": (0.0, 1.0), "SIZE": (0.0, 0.02),
}  # fmt: skip
TRUST = 0.3  # how far estimates of indexes hold
UPKEEP = 0.5  # share of the cost of a transaction that an index adds
COMMIT = 0.5  # share of it that waiting for the log takes
BUFFERS = 0.02  # share of the cost that a level more of shared_buffers saves
MEMORY = 0.01  # the same for memory of sorts and hashes
PAGE = 0.02  # the same for a lower random_page_cost
AGAIN = 0.02  # what a change loses each time that it was tried
GAINED = 0.3  # how far experience counts
SIZE = 0.002  # what each knob or index that is touched loses, for clean comparisons


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
