"""ATC, apparent tardiness cost: weight per time unit, falling off exponentially with the slack, k = 2.

A. P. J. Vepsalainen, T. E. Morton, "Priority rules for job shops with weighted tardiness costs", Management Science 33
(1987) 1035-1047.
"""

import math

K = 2.0


def sequence(processing: list[int], weight: list[int], due: list[int]) -> list[int]:
    """Job indices by (w / p) * exp(-slack / (K * mean p)), highest first; ties by index. Its logarithm ranks alike."""
    waiting = list(range(len(processing)))
    ratio = [math.log(w / p) for p, w in zip(processing, weight, strict=True)]
    work = sum(processing)
    t = 0
    order = []
    while waiting:
        scale = K * work / len(waiting)  # mean processing time of the waiting jobs
        values = [ratio[j] - max(due[j] - processing[j] - t, 0) / scale for j in waiting]
        job = waiting.pop(values.index(max(values)))
        order.append(job)
        t += processing[job]
        work -= processing[job]
    return order
