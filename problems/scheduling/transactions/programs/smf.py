"""Shortest makespan first: append the transaction after which the batch ends earliest, of all that wait.

A. Cheng, A. Kabcenell, J. Chan, X. Shi, P. Bailis, N. Crooks, I. Stoica, Towards optimal transaction scheduling, PVLDB 17(11)
(2024) 2694-2707; there with a sample of the waiting transactions, here with all of them. A tie goes to the lower index.
"""


def order(transactions):
    """Return the indices in the order in which they were chosen."""
    accesses = [[(e[0] == "w", e[1], slot) for slot, e in enumerate(slots) if e] for slots in transactions]
    read_from, write_from = {}, {}
    waiting, result, makespan = list(range(len(transactions))), [], 0

    def start_of(i):
        return max([(write_from if w else read_from).get(key, 0) - slot for w, key, slot in accesses[i]], default=0)

    while waiting:
        ends = [max(makespan, max(0, start_of(i)) + len(transactions[i])) for i in waiting]
        makespan = min(ends)
        i = waiting.pop(ends.index(makespan))
        start = max(0, start_of(i))
        for write, key, slot in accesses[i]:
            write_from[key] = max(write_from.get(key, 0), start + slot + 1)
            if write:
                read_from[key] = max(read_from.get(key, 0), start + slot + 1)
        result.append(i)
    return result
