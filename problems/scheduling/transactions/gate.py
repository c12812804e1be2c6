"""Stress instances for the robustness filter, one of each class that can be generated; none is among the held-out ones."""

from __future__ import annotations

import random
from collections.abc import Callable

from workbench.model import Instance

from . import instances as made

FAMILIES = {
    "reads-alone": "transactions only read, so that nothing conflicts",
    "one-key": "all transactions write the same key",
    "readers-and-writers": "reads and writes of two keys are mixed",
    "front-and-back": "two hot keys are written first and last, or the other way round",
    "one-giant": "one transaction is as long as half of the others together",
    "huge-keys": "keys are names of the order of 10^15, not small indices",
    "ten-times": "there are several times as many transactions as in training",
}
"""Description of each class, for messages."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed."""
    shapes: dict[str, Callable[[random.Random, int], list[made.Slots]]] = {
        "reads-alone": made._reads_alone,
        "one-key": lambda rng, copy: made._one_key(rng, 1),
        "readers-and-writers": made._readers_and_writers,
        "front-and-back": made._front_and_back,
        "one-giant": made._one_giant,
        "huge-keys": made._huge_keys,
        # A third of the size of the held-out ones.
        "ten-times": lambda rng, copy: (made._bank, made._warehouse)[copy](rng, 300, 2),
    }
    found = []
    for family, make in shapes.items():
        id = f"gate-{seed}-{family}"
        rng = made._rng(id)
        found.append(Instance(id, family, {"transactions": make(rng, rng.randrange(2))}))
    return found
