"""Further transfers from the source regions of validation, for a run that cannot tell its best candidates apart."""

from __future__ import annotations

import random

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 16


def instances(seed: int) -> list[Instance]:
    """Draw transfers of each class."""
    found = []
    for tier in made.TIERS:
        for copy in range(_COPIES):
            id = f"replicate-{seed}-{tier}-{copy}"
            rng = random.Random(f"routing/cloudcast {id}")
            found.append(made.sampled(id, tier, Split.VALIDATION, inside=bool(copy % 2), rng=rng))
    return found
