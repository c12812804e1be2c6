"""Instances as those of the test split, drawn for one program."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

_COPIES = 24
"""Zipf batches with usual parameters, and as many with those that only test has; of kinds that are solved, one of each variant."""


def instances(seed: int) -> list[Instance]:
    """Draw batches of the three kinds; the published batches are what they are."""
    found = []
    for kind, draw in made._KINDS.items():
        family, solved = made.SOLVED.get(kind, kind), kind in made.SOLVED
        for name, variants in (
            (family, range(made._USUAL)),
            (f"{family}-shifted", range(made._USUAL, made._USUAL + made._SHIFTED)),
        ):
            for copy in range(len(variants) if solved else _COPIES):
                id = f"fresh-{seed}-{name}-{copy}"
                rng = random.Random(f"scheduling/transactions {id}")
                found.append(Instance(id, name, {"transactions": draw(rng, 100, variants[copy % len(variants)])}))
    return found
