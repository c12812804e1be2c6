"""Other networks: those of SNDlib, with prices by length. Nothing is tuned on these."""

from __future__ import annotations

import json
import random

from workbench.model import Instance

from . import instances as made

SOURCE = "twelve networks of SNDlib (Orlowski et al., Networks 55, 2010), priced by length"


def instances() -> list[Instance]:
    """An instance of each class in each network."""
    found = []
    for name, graph in json.loads((made._DATA / "sndlib.json").read_text()).items():
        for tier, (low, high, vm_price) in made.TIERS.items():
            id = f"transfer-{name}-{tier}"
            rng = random.Random(f"routing/cloudcast {id}")
            src, *dsts = rng.sample(range(graph["nodes"]), 1 + rng.randint(low, high))
            found.append(made._instance(id, f"sndlib-{tier}", f"{made.SNDLIB}{name}", src, dsts, vm_price=vm_price))
    return found
