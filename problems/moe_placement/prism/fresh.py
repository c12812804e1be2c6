"""Instances as those of the test split, drawn for one program; the published cases have the distribution of `pairs`."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

_COPIES = {"pairs": 16, "zoo": 16, "fleet": 60}


def instances(seed: int) -> list[Instance]:
    """Draw instances of the three kinds."""
    found = []
    for kind, copies in _COPIES.items():
        family, draw = made.KINDS[kind]
        for copy in range(copies):
            id = f"fresh-{seed}-{kind}-{copy}"
            found.append(made._instance(id, family, *draw(random.Random(f"moe_placement/prism {id}"))))
    return found
