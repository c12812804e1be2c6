"""The transaction with the most conflicting partners first: the largest-degree-first rule of graph colouring.

D. J. A. Welsh, M. B. Powell, An upper bound for the chromatic number of a graph and its application to timetabling problems,
The Computer Journal 10(1) (1967) 85-86.
"""


def order(transactions):
    """Return the indices by falling number of conflicting transactions."""
    readers, writers = {}, {}
    for i, slots in enumerate(transactions):
        for kind, key in filter(None, slots):
            (writers if kind == "w" else readers).setdefault(key, set()).add(i)
    conflicts = []
    for i, slots in enumerate(transactions):
        partners = set()
        for kind, key in filter(None, slots):
            partners |= writers.get(key, set())
            if kind == "w":
                partners |= readers.get(key, set())
        conflicts.append(len(partners - {i}))
    return sorted(range(len(transactions)), key=lambda i: -conflicts[i])
