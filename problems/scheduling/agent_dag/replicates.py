"""Further instances as those of validation, for a run that cannot tell its best candidates apart."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made
from .fleets import FLEETS

_COPIES = 4


def instances(seed: int) -> list[Instance]:
    """Draw instances of each class on each fleet of validation."""
    return list(made.usual_ones(Split.VALIDATION, f"replicate-{seed}", _COPIES))


def largest(seed: int) -> Instance:
    """Draw an instance with ten times as many replicas."""
    id = f"largest-{seed}"
    return Instance(id, "ten-times", made.strange(Split.VALIDATION, "ten-times", FLEETS["ampere"], made.rng_of(id)))
