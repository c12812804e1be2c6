"""Instances as those of the test split, drawn for one program."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

_COPIES = 12
"""Instances of each kind with usual parameters, and as many with those that only test has."""


def instances(seed: int) -> list[Instance]:
    """Draw batches of the three kinds; the published batches are what they are."""
    found = []
    for kind, draw in made._KINDS.items():
        for copy in range(_COPIES):
            for family, variant in ((kind, copy % made._USUAL), (f"{kind}-shifted", made._USUAL + copy % made._SHIFTED)):
                id = f"fresh-{seed}-{family}-{copy}"
                rng = random.Random(f"scheduling/transactions {id}")
                found.append(Instance(id, family, {"transactions": draw(rng, 100, variant)}))
    return found
