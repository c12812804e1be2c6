"""A semantic cache: which stored answer to reuse for a query, if any, and which to drop for a new one.

The part between the markers trusts similar queries, the less the older the answer; the class below it keeps the books and compares.
"""

import math

# EVOLVE-BLOCK-START
TUNABLE = {"MIDDLE": (0.4, 0.95), "STEEP": (4.0, 40.0)}
MIDDLE = 0.8  # similarity at which every second answer is right
STEEP = 20.0  # how fast the chance rises with the similarity


def trust(
    similarity: float,
    rival: float,
    support: int,
    age: int,
    life: float,
    near_right: float,
    right: int,
    wrong: int,
) -> float:
    """Chance that a stored answer is right for a query; it is reused if right answers outweigh wrong ones at that chance.

    similarity  of the query to the one that the answer is stored with: cosine, 1.0 for the same text
    rival       greatest similarity to a stored query with another answer, among the nearest; 0.0 if there is none
    support     of the nearest stored queries, how many have this answer, this one included
    age         steps since the answer was given, or found to be right again
    life        steps for which answers of its category last, by what was seen so far; 60.0 at first
    near_right  share of right ones among answers of the category that could be checked at about this similarity; 0.5 at first
    right       times that this entry was checked and had the right answer
    wrong       times that it was checked at a similarity above 0.7 and had a wrong one
    """
    return math.exp(-age / life) / (1 + math.exp(STEEP * (MIDDLE - similarity)))


def worth(idle: int, age: int, life: float, uses: int, right: int, wrong: int, crowd: float) -> float:
    """Worth of keeping a stored answer; the one with the least is dropped for a new one.

    idle   steps since it was reused, or stored if it never was
    age    steps since the answer was given, or found to be right again
    life   steps for which answers of its category last, by what was seen so far; 60.0 at first
    uses   times that it was reused
    right  times that it was checked and was the right answer
    wrong  times that it was checked at a similarity above 0.7 and was a wrong one
    crowd  similarity to the nearest stored query when it came; 0.0 for the first
    """
    return -idle


# EVOLVE-BLOCK-END
# The rest is from seed.py.
