"""Dispatching by a priority, least first; the priority starts as the modified due date (Baker and Bertrand 1982)."""

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"alpha": (0.5, 2.0)}
alpha = 1.0


def priority(p: int, d: int, t: int, mean_p: float, max_p: int, work: int, left: int) -> float:
    """Priority of one waiting job; the job with the least value is processed next. All arguments are numbers.

    p       processing time of the job
    d       due date of the job
    t       time at which the machine is free
    mean_p  mean processing time of the waiting jobs
    max_p   longest processing time among the waiting jobs
    work    sum of the processing times of the waiting jobs
    left    number of waiting jobs
    """
    return max(t + alpha * p, d)


# EVOLVE-BLOCK-END


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
    waiting = list(range(len(processing)))
    work = sum(processing)
    t = 0
    sequence = []
    while waiting:
        left = len(waiting)
        mean_p = work / left
        max_p = max([processing[j] for j in waiting])
        values = [priority(processing[j], due[j], t, mean_p, max_p, work, left) for j in waiting]
        job = waiting.pop(values.index(min(values)))  # a tie goes to the lower index
        sequence.append(job)
        t += processing[job]
        work -= processing[job]
    return sequence
