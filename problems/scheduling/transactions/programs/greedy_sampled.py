"""Shortest makespan first among ten sampled transactions: the program that published searches for this problem start from.

A. Cheng et al., Towards optimal transaction scheduling, PVLDB 17(11) (2024) 2694-2707; as the initial program of the ADRS
benchmarks (2025): a random first transaction, then ten waiting ones drawn each time. The draws are always the same here.
"""

import random


def order(transactions):
    """Return the indices in the order in which they were chosen."""
    rng = random.Random(0)
    accesses = [[(e[0] == "w", e[1], slot) for slot, e in enumerate(slots) if e] for slots in transactions]
    read_from, write_from = {}, {}
    waiting, result, makespan = list(range(len(transactions))), [], 0

    def start_of(i):
        return max([0, *((write_from if w else read_from).get(key, 0) - slot for w, key, slot in accesses[i])])

    while waiting:
        sample = rng.sample(waiting, min(10 if result else 1, len(waiting)))
        i = min(sample, key=lambda i: max(makespan, start_of(i) + len(transactions[i])))
        start = start_of(i)
        makespan = max(makespan, start + len(transactions[i]))
        for write, key, slot in accesses[i]:
            write_from[key] = max(write_from.get(key, 0), start + slot + 1)
            if write:
                read_from[key] = max(read_from.get(key, 0), start + slot + 1)
        waiting.remove(i)
        result.append(i)
    return result
