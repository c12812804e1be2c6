"""Further days on the networks of validation, for a run that cannot tell its best candidates apart."""

from __future__ import annotations

from workbench.model import Instance, Split

from . import instances as made
from . import networks

_COPIES = 3


def instances(seed: int) -> list[Instance]:
    """Draw days of each class."""
    return list(made.days(Split.VALIDATION, f"replicate-{seed}", _COPIES))


def largest(seed: int) -> Instance:
    """Draw a day on a random network of the largest size that counts."""
    rng = made.rng_of(f"largest-{seed}")
    network = networks.planned(65, networks.waxman(65, rng), networks.gravity(range(65), rng))
    rows = made.requests(network, made.usual(network, "steady-crowded", rng), rng)
    return Instance(f"largest-{seed}", "steady-crowded", made.data(network, rows))
