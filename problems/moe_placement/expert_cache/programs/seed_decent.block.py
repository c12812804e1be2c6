"""Which experts to drop and to prefetch: by a guess at the probability that an expert is used when its layer comes next.

The part between the markers says what it is worth to have an expert in memory; the class below it keeps the books, asks about what
might be dropped or prefetched, and exchanges the least worthy for the worthiest.
"""

# EVOLVE-BLOCK-START
TUNABLE = {"FAR": (0.0, 2.0), "HINTED": (0.0, 8.0)}
FAR = 0.1  # how much less an expert is worth a layer further away
HINTED = 1.0  # how much more the likeliest expert of a hint is worth


def worth(
    distance: int, rank: int, share: float, recent: float, age: float, word: float, load: float, room: float, held: bool
) -> float:
    """Worth of having an expert in memory when its layer comes next: the least goes first, a prefetch must be worth more than it.

    distance  layers until its layer comes again, 1 for the next, as many as there are for this one
    rank      place in the hint of its layer, 0 for the likeliest; 99 if the hint does not name it; -1 without a hint
    share     share of other requests' tokens that used it
    recent    share of the latest tokens that used it, some ten of them
    age       tokens since it was used; 1000 if never
    word      share of the earlier occurrences of this token that used it; -1 if the token is new or its layer belongs to the next
    load      time to load an expert, over the time of a layer
    room      experts that memory holds, over those that a token uses in all layers
    held      whether it is in memory
    """
    chance = (share + recent) / 2
    if rank >= 0:
        chance += HINTED / (1 + rank)
    return chance / (1 + FAR * distance)


# EVOLVE-BLOCK-END
# The rest is from seed.py.
