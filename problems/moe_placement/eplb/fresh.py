"""Instances as those of the test split, drawn for one program."""

from __future__ import annotations

import zlib

import numpy as np

from workbench.model import Instance

from . import instances as made

_COPIES = 6
"""Instances of each cell."""


def instances(seed: int) -> list[Instance]:
    """Draw instances of all cells of test, and one whole model."""
    cells = [(a, rho, 0.0) for a in made.SKEWS for rho in made.PERSISTENCE]
    cells += [(a, 0.9, made.JUMP) for a in made.SKEWS]
    cells += [(a, rho, 0.0) for a, rho in made.UNSEEN]
    found = []
    for a, rho, jump in cells:
        family = f"a{a}-jump" if jump else f"a{a}-r{rho}"
        for copy in range(_COPIES):
            id = f"fresh-{seed}-{family}-{copy}"
            found.append(made._instance(id, family, made.drifting(_rng(id), 3, a, rho, jump=jump)))
    id = f"fresh-{seed}-full"
    return [*found, made._instance(id, "full", made.drifting(_rng(id), made.LAYERS, *made.WHOLE))]


def _rng(id: str) -> np.random.RandomState:
    return np.random.RandomState(zlib.crc32(f"moe_placement/eplb {id}".encode()))
