"""Further instances as those of train, for a run that cannot tell its best candidates apart."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

_COPIES = 24


def instances(seed: int) -> list[Instance]:
    """Draw instances of the three kinds."""
    found = []
    for family, draw in (("pairs", made._pairs), ("zoo", made._zoo), ("fleet", made._fleet)):
        for copy in range(_COPIES):
            id = f"replicate-{seed}-{family}-{copy}"
            found.append(made._instance(id, family, *draw(random.Random(f"moe_placement/prism {id}"))))
    return found
