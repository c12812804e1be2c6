"""Further instances as those of train, for a run that cannot tell its best candidates apart."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

_COPIES = 12


def instances(seed: int) -> list[Instance]:
    """Draw instances of each kind of places in the sizes of train."""
    found = []
    for kind in made._PLACES:
        for copy in range(_COPIES):
            id = f"replicate-{seed}-{kind}-{copy}"
            shape = made.uchoa(random.Random(f"routing/vehicle {id}"), made._SIZES[copy % len(made._SIZES)], kind)
            found.append(made._instance(id, kind, *shape))
    return found
