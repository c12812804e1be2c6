"""The whole program may change: a start by due date, then swaps of neighbours while they help."""


# EVOLVE-BLOCK-START
def order(processing: list[int], due: list[int]) -> list[int]:
    """Sequence jobs on one machine so that their total tardiness is small.

    The machine processes one job at a time, from time 0 on and without a pause. A job that completes at time C has
    tardiness max(C - due, 0); the sum over all jobs is what counts.

    Parameters
    ----------
    processing
        Processing time of each job, in time units (at least 1).
    due
        Due date of each job, in time units.

    Returns
    -------
    list[int]
        The job indices 0..n-1, each exactly once, the first to be processed first.

    Examples
    --------
    >>> order([4, 2, 3], [5, 3, 9])  # completions 2, 6, 9: only job 0 is late, by 1
    [1, 0, 2]
    """
    sequence = sorted(range(len(processing)), key=lambda j: (due[j], processing[j]))
    return swap_neighbours(sequence, processing, due)


def swap_neighbours(sequence: list[int], processing: list[int], due: list[int]) -> list[int]:
    """Swap adjacent jobs while that lowers their joint tardiness, for at most as many passes as there are jobs."""
    for _ in range(len(sequence)):
        t = 0
        swapped = False
        for i in range(len(sequence) - 1):
            a, b = sequence[i], sequence[i + 1]
            end = t + processing[a] + processing[b]
            now = max(t + processing[a] - due[a], 0) + max(end - due[b], 0)
            then = max(t + processing[b] - due[b], 0) + max(end - due[a], 0)
            if then < now:
                sequence[i], sequence[i + 1] = b, a
                swapped = True
            t += processing[sequence[i]]
        if not swapped:
            break
    return sequence


# EVOLVE-BLOCK-END
