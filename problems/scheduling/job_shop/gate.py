"""Stress instances for the robustness filter, one of each class that can be generated; none is among the held-out ones."""

from __future__ import annotations

from workbench.model import Instance

from . import instances as made

FAMILIES = {
    "ties": "operations take few different times, so that most comparisons are ties",
    "same_jobs": "all jobs are the same",
    "flow_shop": "all jobs take the same route",
    "two_sets": "all jobs go through one half of the machines first, then through the other",
    "bottleneck": "one machine has several times the work of the others",
    "unequal": "jobs have different numbers of operations",
    "returns": "jobs revisit machines",
    "zeros": "some operations take no time",
    "huge_values": "times are of the order of 10^9",
    "one_giant": "one job is longer than any machine's work on all others",
    "few_jobs": "there are few jobs of many operations",
    "many_jobs": "there are many jobs of few operations",
    "ten_times": "there are several times as many operations as in training",
}
"""Description of each class, for messages."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed."""
    found = []
    for family in FAMILIES:
        id = f"gate-{seed}-{family}"
        rng = made._rng(id)
        # A third of the largest: the filter should not take longer than the run's evaluations.
        shop = made.taillard(60, 15, rng) if family == "ten_times" else made.SHAPES[family][1](rng, rng.randrange(2))
        found.append(made._instance(id, family, shop))
    return found
