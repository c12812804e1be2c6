"""Requests for bandwidth, a batch a step: each takes the cheapest path with room, if it is worth the price.

The part between the markers prices an arc: the fuller, the dearer. The class below it keeps the books, searches paths and compares
price and worth.
"""

import heapq

# EVOLVE-BLOCK-START
TUNABLE = {"BASE": (1.0, 1000.0), "FULL": (0.1, 4.0)}
BASE = 50.0  # how much steeper the price is on a full arc than on an empty one
FULL = 1.0  # price on a full arc


def price(capacity: float, left: float, asked: float, bw: float, worth: float, elapsed: float, hops: int) -> float:
    """Price of one Mbit/s on an arc, in units of the mean worth of a Mbit/s so far; below 0 counts as 0.

    A request takes the path with the least sum of prices (fewest arcs where equal) and is refused if that is more than `worth`.

    capacity  Mbit/s of the arc
    left      Mbit/s free on it before this request
    asked     Mbit/s that all requests so far, this one included, would take of it if each had gone the shortest way
    bw        Mbit/s of the request
    worth     value of the request per Mbit/s, over the mean of all requests so far
    elapsed   share of the day that is over, above 0, 1 at the end
    hops      arcs of the shortest way between the ends of the request
    """
    used = 1 - left / capacity
    return FULL * (BASE**used - 1) / (BASE - 1)


# EVOLVE-BLOCK-END
# The rest is from seed.py.
