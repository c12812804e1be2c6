"""Further instances as those of train, for a run that cannot tell its best candidates apart, and one of a whole model."""

from __future__ import annotations

from workbench.model import Instance

from . import instances as made

_COPIES = 3
"""Instances of each cell."""


def instances(seed: int) -> list[Instance]:
    """Draw instances of the cells of train."""
    cells = [(a, rho, 0.0) for a in made.SKEWS for rho in made.PERSISTENCE] + [(a, 0.9, made.JUMP) for a in made.SKEWS]
    found = []
    for a, rho, jump in cells:
        family = f"a{a}-jump" if jump else f"a{a}-r{rho}"
        for copy in range(_COPIES):
            id = f"replicate-{seed}-{family}-{copy}"
            found.append(made.drawn(id, family, 3, a, rho, jump))
    return found


def largest(seed: int) -> Instance:
    """Draw an instance with all layers of a model."""
    id = f"replicate-{seed}-largest"
    return made.drawn(id, f"{made.LAYERS} layers", made.LAYERS, made.SKEWS[1], made.PERSISTENCE[1])
