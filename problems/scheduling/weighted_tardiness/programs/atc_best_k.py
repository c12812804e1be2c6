"""ATC with its look-ahead parameter k chosen per instance: the best of ten sequences.

A. P. J. Vepsalainen, T. E. Morton, "Priority rules for job shops with weighted tardiness costs", Management Science 33
(1987) 1035-1047; choosing k by instance: R. M. V. Rachamadugu, T. E. Morton, "Myopic heuristics for the single machine
weighted tardiness problem", Working paper 30-82-83, Carnegie-Mellon University, 1982.
"""

import math

KS = (0.2, 0.5, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0, 4.0)


def sequence(processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """The ATC sequence of least weighted tardiness; ties go to the smaller k."""
    ks = KS if len(due) <= 300 else (1.0, 2.0)  # each costs a quarter of a second for 1,000 jobs
    orders = [apparent_tardiness_cost(processing, weight, due, k) for k in ks]
    return min(orders, key=lambda order: weighted_tardiness(order, processing, weight, due))


def apparent_tardiness_cost(processing, weight, due, k):
    """Job indices by (w / p) * exp(-slack / (k * mean p)), highest first; ties by index."""
    waiting = list(range(len(processing)))
    ratio = [math.log(w / p) for p, w in zip(processing, weight, strict=True)]
    work = sum(processing)
    t = 0
    order = []
    while waiting:
        scale = k * work / len(waiting)
        values = [ratio[j] - max(due[j] - processing[j] - t, 0) / scale for j in waiting]
        job = waiting.pop(values.index(max(values)))
        order.append(job)
        t += processing[job]
        work -= processing[job]
    return order


def weighted_tardiness(order, processing, weight, due):
    """Sum of w * max(C - d, 0)."""
    t = total = 0
    for j in order:
        t += processing[j]
        total += weight[j] * max(t - due[j], 0)
    return total
