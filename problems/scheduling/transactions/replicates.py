"""Further batches as those of train, for a run that cannot tell its best candidates apart."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

_COPIES = 24


def instances(seed: int) -> list[Instance]:
    """Draw batches of zipf kind with the parameters of train; on the other kinds, which are solved, candidates are equal."""
    found = []
    for copy in range(_COPIES):
        id = f"replicate-{seed}-zipf-{copy}"
        batch = made._zipf(random.Random(f"scheduling/transactions {id}"), 100, copy % made._USUAL)
        found.append(Instance(id, "zipf", {"transactions": batch}))
    return found
