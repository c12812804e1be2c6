"""Further models of the shapes of validation, for a run that cannot tell its best candidates apart."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made
from .machines import Shape, drawn, rng_of

_COPIES = 4
"""Instances of each shape and class."""


def instances(seed: int) -> list[Instance]:
    """Draw instances of each class."""
    return list(made.usual(Split.VALIDATION, f"replicate-{seed}", _COPIES))


def largest(seed: int) -> Instance:
    """Draw a model of the largest size that counts."""
    id = f"largest-{seed}"
    return Instance(id, "roomy-slow", drawn(Shape(6, 128, 8, 100), made.MEMORY["roomy"], made.LINK["slow"], rng_of(id)))
