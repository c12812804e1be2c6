"""Stress instances for the robustness filter, a small one of each class; none is among the held-out ones."""

from __future__ import annotations

import random
from collections.abc import Callable

from workbench.model import Instance

from . import instances as made

FAMILIES = {
    "single_job": "there is a single job",
    "ties": "jobs take few different values, so that most comparisons are ties",
    "same_jobs": "all jobs are the same",
    "zero_due": "everything is due at time 0",
    "loose": "due dates are so loose that nothing need be late",
    "huge_values": "times are of the order of 10^11",
    "one_giant": "one job takes as long as all others together",
    "against_mdd": "a long job is followed by many short ones that are due just after it",
    "ten_times": "there are several times as many jobs as in training",
}
"""Description of each class, for messages."""

_JOBS = 300
"""Number of jobs of the large instance: three times the largest of train; the held-out ones have ten times as many."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed."""
    shapes: dict[str, Callable[[random.Random, int], made.Jobs]] = {
        "single_job": _single,
        "ties": made._ties,
        "same_jobs": _same,
        "zero_due": made._zero_due,
        "loose": made._loose,
        "huge_values": made._huge,
        "one_giant": made._one_giant,
        "against_mdd": made._against_mdd,
        "ten_times": lambda rng, copy: made.uniform(_JOBS, 0.6, 0.6, rng),
    }
    found = []
    for family, make in shapes.items():
        id = f"gate-{seed}-{family}"
        rng = random.Random(f"scheduling/total_tardiness {id}")
        found.append(made._instance(id, family, make(rng, rng.randrange(2))))
    return found


def _single(rng: random.Random, copy: int) -> made.Jobs:
    # Longer than the held-out ones: a small number drawn again could coincide with one of them.
    return [p := rng.randint(101, 200)], [(2 * p, p // 2)[copy]]


def _same(rng: random.Random, copy: int) -> made.Jobs:
    n, p = (50, 70)[copy], rng.randint(1, 100)
    return [p] * n, [p * n // 2] * n
