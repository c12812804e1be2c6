"""Longest transaction first: the list scheduling rule LPT.

R. L. Graham, Bounds on multiprocessing timing anomalies, SIAM Journal on Applied Mathematics 17(2) (1969) 416-429.
"""


def order(transactions):
    """Return the indices by falling length."""
    return sorted(range(len(transactions)), key=lambda i: -len(transactions[i]))
