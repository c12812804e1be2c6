"""The whole program may change: a start by weighted modified due dates, then swaps of neighbours while they help."""


# EVOLVE-BLOCK-START
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
    t = 0
    order = []
    while waiting:
        job = min(waiting, key=lambda j: max(processing[j], due[j] - t) / weight[j])
        waiting.remove(job)
        order.append(job)
        t += processing[job]
    return swap_neighbours(order, processing, weight, due)


def swap_neighbours(order: list[int], processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """Swap adjacent jobs while that lowers their joint cost, for at most as many passes as there are jobs."""
    for _ in range(len(order)):
        t = 0
        swapped = False
        for i in range(len(order) - 1):
            a, b = order[i], order[i + 1]
            end = t + processing[a] + processing[b]
            now = weight[a] * max(t + processing[a] - due[a], 0) + weight[b] * max(end - due[b], 0)
            then = weight[b] * max(t + processing[b] - due[b], 0) + weight[a] * max(end - due[a], 0)
            if then < now:
                order[i], order[i + 1] = b, a
                swapped = True
            t += processing[order[i]]
        if not swapped:
            break
    return order


# EVOLVE-BLOCK-END
