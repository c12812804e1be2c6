"""Groups by what their cell saves: its length, once for each row but the first."""

import heapq

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"REST": (0.0, 1.5), "POWER": (0.5, 2.0)}
REST = 0.0  # how much the other common cells count
POWER = 1.0  # how much more long prefixes count than frequent ones


def gain(length: int, count: int, shared: int, rows: int, distinct: int, columns: int, depth: int) -> float:
    """Gain of making a group of the rows that have one cell; the greatest comes first. All arguments are numbers.

    length    characters of the cell in a prompt, with the name of its column
    count     rows that have it and are in no group yet, at least 2
    shared    characters of all cells that these rows have in common, this one included
    rows      rows to be grouped here
    distinct  different values that the column has in these rows
    columns   columns that are not settled here
    depth     groups around this one
    """
    return (count - 1) * (length + REST * (shared - length)) ** POWER


# EVOLVE-BLOCK-END
# The rest is from seed.py.
