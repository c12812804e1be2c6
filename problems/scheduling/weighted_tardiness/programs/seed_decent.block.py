"""Dispatching by a priority, least first; it starts as apparent tardiness cost (Vepsalainen and Morton 1987), in logarithms."""

import math

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"k": (0.2, 5.0)}
k = 2.0


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
    return max(slack, 0) / (k * mean_p) - math.log(w / p)


# EVOLVE-BLOCK-END
# The rest is from seed.py.
