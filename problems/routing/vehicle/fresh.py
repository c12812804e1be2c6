"""Instances as those of the test split, drawn for one program with the generator of the X set."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

_SIZES = (100, 130, 160, 200, 250)
_COPIES = 3
"""Instances of each size and kind of places."""


def instances(seed: int) -> list[Instance]:
    """Draw instances of the sizes of test; their class is by customers a route, as there."""
    found = []
    for kind in made._PLACES:
        for n in _SIZES:
            for copy in range(_COPIES):
                id = f"fresh-{seed}-{kind}-{n}-{copy}"
                coords, demand, capacity = made.uchoa(random.Random(f"routing/vehicle {id}"), n, kind)
                family = made.family(n / -(-sum(demand) // capacity))
                found.append(made._instance(id, family, coords, demand, capacity))
    return found
