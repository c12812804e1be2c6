"""Which blocks of a cache of prompts to drop: the ends of prompts, the seldom and not lately used ones first."""

import heapq

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"FADE": (0.0, 3.0)}
FADE = 0.1  # how many uses a block loses in the time in which the cache turns over


def worth(
    age: float,
    uses: int,
    gap: float,
    resident: float,
    position: int,
    behind: int,
    fill: float,
    branches: int,
    turnover: float,
) -> float:
    """Worth of keeping a block; the block with the least worth is dropped. Times are in seconds.

    age       since a request last asked for it
    uses      requests that asked for it so far
    gap       mean time between its uses; 0 if used once
    resident  since it came into the cache
    position  blocks before it in its prompt
    behind    blocks after it in the last prompt that had it
    fill      share of the block that is filled: 1.0, or less at the end of a prompt
    branches  different blocks seen right after it
    turnover  time in which as many blocks come in as the cache can hold; never 0
    """
    return uses - FADE * age / turnover


# EVOLVE-BLOCK-END
# The rest is from seed.py.
