"""Dispatching by a priority, least first; the priority starts as flow due date over work remaining (Sels et al. 2012)."""

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"delay": (0.0, 1.0), "alpha": (0.0, 2.0)}
delay = 0.0  # how long a machine may wait for a better operation: 0 never, 1 until the first one there could end
alpha = 1.0


def priority(
    p: int, work: int, left: int, past: int, ready: int, start: int, next_p: int, load: int, next_load: int, mean_p: float
) -> float:
    """Priority of one of the operations that compete for a machine; the one with the least value goes next. All are numbers.

    p          duration of the operation
    work       durations of the job's operations from this one on
    left       number of the job's operations from this one on
    past       durations of the job's operations before this one
    ready      when the job's operation before this one ends
    start      when the operation could start
    next_p     duration of the job's next operation, 0 behind its last
    load       durations of all operations that wait for this machine
    next_load  durations of all operations that wait for the machine of the job's next operation, 0 behind its last
    mean_p     mean duration of all operations of the shop
    """
    return (past + alpha * p) / max(work, 1)


# EVOLVE-BLOCK-END
# The rest is from seed.py.
