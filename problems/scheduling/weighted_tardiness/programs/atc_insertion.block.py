"""ATC (best of ten k), then each job moves to its best other place, over and over while that helps.

A. P. J. Vepsalainen, T. E. Morton, "Priority rules for job shops with weighted tardiness costs", Management Science 33
(1987) 1035-1047; descent by insertions as in H. A. J. Crauwels, C. N. Potts, L. N. Van Wassenhove, "Local search heuristics for
the single machine total weighted tardiness scheduling problem", INFORMS Journal on Computing 10 (1998) 341-350.
"""

import math

KS = (0.2, 0.5, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0, 4.0)
STEPS = 1_000_000  # places looked at: plenty for 200 jobs, one pass for 1,000


def sequence(processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """Job indices; a local optimum of insertions unless STEPS run out."""
    ks = KS if len(due) <= 300 else (1.0, 2.0)  # each costs a quarter of a second for 1,000 jobs
    orders = [apparent_tardiness_cost(processing, weight, due, k) for k in ks]
    order = min(orders, key=lambda order: weighted_tardiness(order, processing, weight, due))
    steps = 0
    improved = True
    while improved:
        improved = False
        for job in list(order):
            steps += len(order)
            if steps > STEPS:
                return order
            i = order.index(job)
            place = best_place(order, i, processing, weight, due)
            if place != i:
                order.insert(place, order.pop(i))
                improved = True
    return order


def best_place(order, i, processing, weight, due):
    """Where the job at i should go; i itself where no other place is better. Jobs in between move by its length only."""
    job = order[i]
    p, w, d = processing[job], weight[job], due[job]
    begin = sum([processing[j] for j in order[:i]])
    here = w * max(begin + p - d, 0)
    best, place = 0, i
    end, saved = begin + p, 0
    for k in range(i + 1, len(order)):  # later
        other = order[k]
        end += processing[other]
        late = end - due[other]
        if late > 0:
            saved += weight[other] * min(p, late)
        gain = saved + here - w * max(end - d, 0)
        if gain > best:
            best, place = gain, k
    end, lost = begin, 0
    for k in range(i - 1, -1, -1):  # earlier
        other = order[k]
        late = end - due[other]
        if late + p > 0:
            lost += weight[other] * (late + p - max(late, 0))
            if lost > here:  # nothing to be had further ahead
                break
        end -= processing[other]
        gain = here - w * max(end + p - d, 0) - lost
        if gain > best:
            best, place = gain, k
    return place


# The rest is from atc_best_k.py: apparent_tardiness_cost, weighted_tardiness.
