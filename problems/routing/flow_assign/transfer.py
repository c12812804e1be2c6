"""Other networks and matrices: random graphs with traffic by gravity. Nothing is tuned on these."""

from __future__ import annotations

from workbench.model import Instance

from . import instances as made
from . import networks

SOURCE = "Waxman's random graphs (IEEE JSAC 6, 1988) with gravity matrices (Roughan, ACM CCR 35, 2005)"

_SIZES = (12, 16, 20, 24, 28, 32, 40, 48)


def instances() -> list[Instance]:
    """A network of each size in each class of days."""
    found = []
    for family in made.CLASSES:
        for size in _SIZES:
            id = f"transfer-{family}-{size}"
            rng = made.rng_of(id)
            network = networks.planned(size, networks.waxman(size, rng), networks.gravity(range(size), rng))
            rows = made.requests(network, made.usual(network, family, rng), rng)
            found.append(Instance(id, f"random-{family}", made.data(network, rows)))
    return found
