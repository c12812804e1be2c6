"""A random order, always the same one for a number of transactions: what a system without a scheduler gets.

The comparison of A. Cheng, A. Kabcenell, J. Chan, X. Shi, P. Bailis, N. Crooks, I. Stoica, Towards optimal transaction scheduling,
PVLDB 17(11) (2024) 2694-2707.
"""

import random


def order(transactions):
    """Return the indices in random order."""
    return random.Random(0).sample(range(len(transactions)), len(transactions))
