"""Further instances as those of train, for a run that cannot tell its best candidates apart."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

_COPIES = 40


def instances(seed: int) -> list[Instance]:
    """Draw fleets; on the other kinds, which are solved, candidates are equal."""
    found = []
    for copy in range(_COPIES):
        id = f"replicate-{seed}-fleet-{copy}"
        found.append(made._instance(id, "fleet", *made._fleet(random.Random(f"moe_placement/prism {id}"))))
    return found
