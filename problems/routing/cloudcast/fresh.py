"""Instances as those of the test split, drawn for one program: other destinations of the source regions that belong to test."""

from __future__ import annotations

import random

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 32
"""Instances of each class; the published configurations are what they are."""


def instances(seed: int) -> list[Instance]:
    """Draw instances of the three classes, half of them within one provider."""
    found = []
    for tier in made.TIERS:
        for copy in range(_COPIES):
            id = f"fresh-{seed}-{tier}-{copy}"
            rng = random.Random(f"routing/cloudcast {id}")
            found.append(made.sampled(id, tier, Split.TEST, inside=bool(copy % 2), rng=rng))
    return found
