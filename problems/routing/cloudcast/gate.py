"""Stress instances for the robustness filter, one of each class that uses the measured network.

The other classes are separate networks: an instance of them would reveal held-out data.
"""

from __future__ import annotations

from workbench.model import Instance

from . import instances as made

FAMILIES = {
    "one_destination": "there is a single destination",
    "one_part": "the data is sent as one part",
    "prime_parts": "the data is cut into an odd number of parts",
    "free_machines": "virtual machines cost nothing",
    "everywhere": "many times the usual number of regions want the data",
}
"""Description of each class, for messages."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed."""
    regions = range(len(made.regions()))

    def draw(family: str, destinations: int, price: float = 1.0, parts: int = 10) -> Instance:
        id = f"gate-{seed}-{family}"
        src, *dsts = made._rng(id).sample(regions, 1 + destinations)
        return made._instance(id, family, "measured", src, dsts, vm_price=price * made.VM_PRICE, parts=parts)

    return [
        draw("one_destination", 1, price=10.0),
        draw("one_part", 8, price=3.0, parts=1),
        draw("prime_parts", 8, price=50.0, parts=11),
        draw("free_machines", 11, price=0.0),
        draw("everywhere", 40),
    ]
