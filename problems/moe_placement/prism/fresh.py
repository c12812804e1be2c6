"""Instances as those of the test split, drawn for one program; the published cases have the distribution of `pairs`."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

_COPIES = {"pairs": 80, "zoo": 80, "fleet": 40}


def instances(seed: int) -> list[Instance]:
    """Draw as many instances of each class as train has."""
    found = []
    for family, draw in (("pairs", made._pairs), ("zoo", made._zoo), ("fleet", made._fleet)):
        for copy in range(_COPIES[family]):
            id = f"fresh-{seed}-{family}-{copy}"
            found.append(made._instance(id, family, *draw(random.Random(f"moe_placement/prism {id}"))))
    return found
