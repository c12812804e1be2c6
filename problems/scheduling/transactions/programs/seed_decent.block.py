"""Transactions one after the other by a priority, least first: what can start early, is long and has many rivals."""

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"RIVAL": (0.0, 0.1), "LONG": (0.0, 1.0)}
RIVAL = 0.02  # slots by which an access that others wait for too may be late
LONG = 0.3  # slots by which a transaction may be late for each slot of its length


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
    return start - RIVAL * rivals - LONG * length


# EVOLVE-BLOCK-END
# The rest is from seed.py.
