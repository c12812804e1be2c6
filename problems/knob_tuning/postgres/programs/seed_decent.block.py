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
# The rest is from seed.py.
