"""Transactions one after the other by a priority, least first; it starts as the longest first."""


# EVOLVE-BLOCK-START
def priority(
    start: int,
    end: int,
    growth: int,
    length: int,
    reads: int,
    writes: int,
    rivals: int,
    blocked: int,
    makespan: int,
    left: int,
) -> float:
    """Priority of one waiting transaction; the one with the least value comes next. All arguments are numbers.

    start     first slot in which it could start now
    end       slot after its last one, if it starts then
    growth    slots by which the batch would then last longer
    length    its slots
    reads     its accesses that read
    writes    its accesses that write
    rivals    accesses of other waiting transactions to its keys
    blocked   slots by which its keys would be free for writing later, each times the waiting accesses to that key
    makespan  slots that the transactions ordered so far last
    left      number of waiting transactions
    """
    return -length


# EVOLVE-BLOCK-END


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
    n = len(transactions)
    accesses = [[(kind == "w", key, slot) for slot, (kind, key) in _used(slots)] for slots in transactions]
    users = {}  # waiting accesses by key
    for own in accesses:
        for _, key, _ in own:
            users[key] = users.get(key, 0) + 1
    read_from = dict.fromkeys(users, 0)  # first slot in which a key may be read
    write_from = dict.fromkeys(users, 0)  # and written
    waiting = list(range(n))
    makespan = 0
    result = []
    while waiting:
        best = None
        for index in waiting:
            own = accesses[index]
            start = 0
            writes = 0
            for write, key, slot in own:
                free = (write_from if write else read_from)[key] - slot
                if free > start:
                    start = free
                writes += write
            blocked = 0
            rivals = 0
            for _, key, slot in own:
                others = users[key] - 1
                rivals += others
                later = start + slot + 1 - write_from[key]
                if later > 0:
                    blocked += later * others
            length = len(transactions[index])
            end = start + length
            growth = max(0, end - makespan)
            value = priority(start, end, growth, length, len(own) - writes, writes, rivals, blocked, makespan, len(waiting))
            if best is None or value < best[0]:
                best = (value, index, start)  # a tie goes to the lower index
        _, index, start = best
        waiting.remove(index)
        result.append(index)
        makespan = max(makespan, start + len(transactions[index]))
        for write, key, slot in accesses[index]:
            users[key] -= 1
            write_from[key] = max(write_from[key], start + slot + 1)
            if write:
                read_from[key] = max(read_from[key], start + slot + 1)
    return result


def _used(slots):
    return [(slot, entry) for slot, entry in enumerate(slots) if entry]
