"""Further batches as those of train, for a run that cannot tell its best candidates apart."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

_COPIES = 12


def instances(seed: int) -> list[Instance]:
    """Draw batches of the three kinds with the parameters of train."""
    found = []
    for kind, draw in made._KINDS.items():
        for copy in range(_COPIES):
            id = f"replicate-{seed}-{kind}-{copy}"
            batch = draw(random.Random(f"scheduling/transactions {id}"), 100, copy % made._USUAL)
            found.append(Instance(id, kind, {"transactions": batch}))
    return found
