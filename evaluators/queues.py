"""Jobs that wait in front of one machine at some moment, with due dates as shop floors set them."""

from __future__ import annotations

import random
from typing import Literal

Rule = Literal["CON", "SLK", "TWK"]
"""Due dates by Baker and Bertrand (1981): a constant time after arrival, that plus the processing time, or in proportion to it."""

RULES: tuple[Rule, ...] = ("CON", "SLK", "TWK")


def queue(n: int, rule: Rule, allowance: float, age: float, rng: random.Random) -> tuple[list[int], list[int]]:
    """Draw processing times (exponential, mean 25, at least 1) and due dates of n waiting jobs; a due date may be negative.

    Parameters
    ----------
    allowance
        Mean time from arrival to due date, as a multiple of the work of all jobs.
    age
        Time since the first arrival, likewise; arrivals are spread evenly over it.
    """
    processing = [max(1, round(rng.expovariate(1 / 25))) for _ in range(n)]
    work = sum(processing)
    due = []
    for p in processing:
        arrival, constant = -rng.uniform(0, age * work), allowance * work
        given = {"CON": constant, "SLK": constant + p, "TWK": constant * p * n / work}[rule]
        due.append(round(arrival + given))
    return processing, due
