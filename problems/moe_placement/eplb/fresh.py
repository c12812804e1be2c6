"""Instances as those of the test split, drawn for one program."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made


def instances(seed: int) -> list[Instance]:
    """Draw as many instances of each cell of test as test has, and of whole models."""
    cells = [(a, rho, 0.0) for a in made.SKEWS for rho in made.PERSISTENCE]
    cells += [(a, 0.9, made.JUMP) for a in made.SKEWS]
    cells += [(a, rho, 0.0) for a, rho in made.UNSEEN]
    found = []
    for a, rho, jump in cells:
        family = f"a{a}-jump" if jump else f"a{a}-r{rho}"
        for copy in range(made.COPIES[Split.TEST]):
            found.append(made.drawn(f"fresh-{seed}-{family}-{copy}", family, 3, a, rho, jump))
    whole = [f"fresh-{seed}-full-{copy}" for copy in range(made.WHOLE_COPIES)]
    return [*found, *(made.drawn(id, "full", made.LAYERS, *made.WHOLE) for id in whole)]
