"""PGTune's rules for a data warehouse: a quarter of the memory for the cache, the rest shared by connections; no index."""


def suggest(space, workload, history, seed):
    """Suggest what the rules say; they do not learn from runs."""
    memory, connections = space["memory_mb"], space["connections"]
    knobs = {name: knob["default"] for name, knob in space["knobs"].items()}
    knobs["shared_buffers_mb"] = below(space, "shared_buffers_mb", memory / 4)
    knobs["effective_cache_size_mb"] = below(space, "effective_cache_size_mb", memory * 3 / 4)
    # PGTune shares the rest among three times the connections; hash_mem_multiplier it leaves alone.
    knobs["work_mem_mb"] = below(space, "work_mem_mb", (memory - knobs["shared_buffers_mb"]) / (3 * connections))
    knobs["random_page_cost"] = below(space, "random_page_cost", 4.0 if workload["prices"]["block"] > 0.1 else 1.1)
    return fitted(space, {"knobs": knobs, "indexes": []})


def below(space, name, value):
    """The greatest level of a knob that is not above a value; the least level where all are."""
    levels = space["knobs"][name]["levels"]
    return max([level for level in levels if level <= value], default=levels[0])


# The rest is from smac.py: fitted, fits.
