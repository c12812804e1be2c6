"""Stress instances for the robustness filter, one of each class; none is among the held-out ones."""

from __future__ import annotations

from workbench.model import Instance

from .machines import Shape, rng_of
from .odd import FAMILIES as FAMILIES
from .odd import strange

_SHARE = 0.5
"""Of the tokens of a held-out instance."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed; like the held-out ones, with a model of another shape."""
    found = []
    for family in FAMILIES:
        id = f"gate-{seed}-{family}"
        found.append(Instance(id, family, strange(family, Shape(5, 12, 2, 80), rng_of(id), _SHARE)))
    return found
