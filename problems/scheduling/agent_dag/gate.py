"""Stress instances for the robustness filter, one of each class; workflows and arrivals are of train."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made
from .fleets import FLEETS

FAMILIES = {
    "ten-times": "there are ten times as many replicas, and many workflows",
    "single-replica": "there is a single replica",
    "alike": "all replicas are of the same kind",
    "one-slot": "each replica runs one call at a time",
    "bursts": "workflows come in groups of twenty at the same moment",
    "at-once": "all workflows come at the same moment",
    "light": "few workflows come",
    "flood": "far more workflows come than can be served in time",
    "hurried": "promised times are so short that hardly any can be kept",
    "patient": "promised times are long",
    "fan-out": "workflows have one stage of many calls, and one call after it",
    "chains": "workflows are long chains of calls whose prompts grow",
    "long-answers": "prompts are short and answers long",
    "equal": "all workflows are the same, have the same promise, and come in groups",
    "one-workflow": "a single workflow comes",
}
"""Description of each class, for messages."""

_SIZE = 0.4
"""Workflows, as a share of those of the held-out ones."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed; like the held-out ones, of other workflows."""
    found = []
    for k, family in enumerate(FAMILIES):
        id = f"gate-{seed}-{family}"
        fleet = ("ampere", "hopper")[(seed + k) % 2]
        found.append(Instance(id, family, made.strange(Split.TRAIN, family, FLEETS[fleet], made.rng_of(id), _SIZE)))
    return found
