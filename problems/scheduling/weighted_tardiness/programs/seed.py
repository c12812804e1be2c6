"""Dispatching by a priority, least first; the priority starts as the due date (Jackson 1955)."""


# EVOLVE-BLOCK-START
def priority(p: int, w: int, d: int, t: int, slack: int, mean_p: float, mean_w: float, work: int, left: int) -> float:
    """Priority of one waiting job; the job with the least value is processed next. All arguments are numbers.

    p       processing time of the job, at least 1
    w       weight of the job, at least 1
    d       due date of the job
    t       time at which the machine is free
    slack   d - p - t: how long the job can still wait; below 0 it is late already
    mean_p  mean processing time of the waiting jobs
    mean_w  mean weight of the waiting jobs
    work    sum of the processing times of the waiting jobs
    left    number of waiting jobs
    """
    return d


# EVOLVE-BLOCK-END


def sequence(processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """Sequence jobs on one machine so that their weighted tardiness is small.

    The machine processes one job at a time, from time 0 on and without a pause. A job that completes at time C has
    tardiness max(C - due, 0); the sum of weight * tardiness over all jobs is what counts.

    Parameters
    ----------
    processing
        Processing time of each job, in time units (at least 1).
    weight
        Weight of each job (at least 1): what one time unit of its tardiness costs.
    due
        Due date of each job, in time units.

    Returns
    -------
    list[int]
        The job indices 0..n-1, each exactly once, the first to be processed first.

    Examples
    --------
    >>> sequence([4, 2, 3], [1, 5, 2], [5, 3, 9])  # completions 2, 6, 9: only job 0 is late, by 1, at cost 1
    [1, 0, 2]
    """
    waiting = list(range(len(processing)))
    work = sum(processing)
    t = 0
    order = []
    while waiting:
        left = len(waiting)
        mean_p = work / left
        mean_w = sum([weight[j] for j in waiting]) / left
        values = []
        for j in waiting:
            p, d = processing[j], due[j]
            values.append(priority(p, weight[j], d, t, d - p - t, mean_p, mean_w, work, left))
        job = waiting.pop(values.index(min(values)))  # a tie goes to the lower index
        order.append(job)
        t += processing[job]
        work -= processing[job]
    return order
