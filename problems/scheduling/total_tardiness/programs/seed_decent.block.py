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
# The rest is from seed.py.
