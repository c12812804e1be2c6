"""Transactions by falling length, then moved about while the batch gets no longer; all of it may change."""

import random


# EVOLVE-BLOCK-START
def order(transactions: list[list[list | None]]) -> list[int]:
    """Order a batch of transactions so that it is done after as few time slots as possible.

    A transaction starts as early as those before it in the order allow: a write comes at least one slot after every earlier
    access to its key, a read at least one slot after every earlier write to its key. It then runs without a pause.

    Parameters
    ----------
    transactions
        For each transaction a list with one entry a slot: ["r", key], ["w", key], or None for work that meets nobody.

    Returns
    -------
    list[int]
        The indices 0..n-1, each exactly once, in the order in which the transactions take their locks.

    Examples
    --------
    >>> order([[["w", 1], None], [["r", 1]], [["r", 2], ["w", 1]]])  # starts 0, 1, 1: done after 3 slots
    [0, 1, 2]
    """
    rng = random.Random(1)
    n = len(transactions)
    accesses = [[(e[0] == "w", e[1], slot) for slot, e in enumerate(slots) if e] for slots in transactions]
    lengths = [len(slots) for slots in transactions]
    sequence = sorted(range(n), key=lambda i: -lengths[i])
    best = makespan(sequence, accesses, lengths)
    for _ in range(200):
        trial = sequence[:]
        trial.insert(rng.randrange(n), trial.pop(rng.randrange(n)))
        value = makespan(trial, accesses, lengths)
        if value <= best:
            sequence, best = trial, value
    return sequence


def makespan(sequence, accesses, lengths):
    """Slots until the last transaction has ended."""
    read_from, write_from = {}, {}  # first slot in which a key may be read, and written
    last = 0
    for i in sequence:
        start = 0
        for write, key, slot in accesses[i]:
            start = max(start, (write_from if write else read_from).get(key, 0) - slot)
        for write, key, slot in accesses[i]:
            after = start + slot + 1
            if after > write_from.get(key, 0):
                write_from[key] = after
            if write and after > read_from.get(key, 0):
                read_from[key] = after
        last = max(last, start + lengths[i])
    return last


# EVOLVE-BLOCK-END
