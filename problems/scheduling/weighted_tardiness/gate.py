"""Stress instances for the robustness filter, one of each class that can be generated; none is among the held-out ones."""

from __future__ import annotations

import random
from collections.abc import Callable

from workbench.model import Instance

from . import instances as made

FAMILIES = {
    "ties": "jobs take few different values, so that most comparisons are ties",
    "same_ratio": "all weights are in proportion to processing times",
    "zero_due": "everything is due at time 0",
    "loose": "due dates are so loose that nothing need be late",
    "huge_values": "times are of the order of 10^8 and weights above 100",
    "heavy_few": "a few jobs weigh more than all others together",
    "one_giant": "one heavy job takes as long as all others together",
    "long_then_short": "long heavy jobs are each followed by many short light ones that are due just after them",
    "ten_times": "there are several times as many jobs as in training",
}
"""Description of each class, for messages."""

_JOBS = 300
"""Number of jobs of the large instance: three times the largest of train; the held-out ones have ten times as many."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed."""
    shapes: dict[str, Callable[[random.Random, int], made.Jobs]] = {
        "ties": made._ties,
        "same_ratio": made._same_ratio,
        "zero_due": made._zero_due,
        "loose": made._loose,
        "huge_values": made._huge,
        "heavy_few": made._heavy_few,
        "one_giant": made._one_giant,
        "long_then_short": made._long_then_short,
        "ten_times": lambda rng, copy: made.crauwels(_JOBS, 0.6, 0.6, rng),
    }
    found = []
    for family, make in shapes.items():
        id = f"gate-{seed}-{family}"
        rng = made._rng(id)
        found.append(made._instance(id, family, make(rng, rng.randrange(2))))
    return found
