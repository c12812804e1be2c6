"""Fresh stress instances for a run's gate, one of each family that can be drawn anew; none of them is among the sealed ones."""

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
    "returns": "jobs come back to machines",
    "zeros": "some operations take no time",
    "huge_values": "times are of the order of 10^9",
    "one_giant": "one job takes longer than any machine works on all others",
    "few_jobs": "there are few jobs of many operations",
    "many_jobs": "there are many jobs of few operations",
    "ten_times": "there are several times as many operations as in training",
}
"""What each family is, as a finding tells it."""


def instances(seed: int) -> list[Instance]:
    """One instance of each family, all drawn from `seed`."""
    found = []
    for family in FAMILIES:
        id = f"gate-{seed}-{family}"
        rng = made._rng(id)
        # Of the largest, a third: a gate should not take longer than the run's own evaluations.
        shop = made.taillard(60, 15, rng) if family == "ten_times" else made.SHAPES[family][1](rng, rng.randrange(2))
        found.append(made._instance(id, family, shop))
    return found
