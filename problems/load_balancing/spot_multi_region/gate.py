"""Stress instances for the robustness filter, one of each class that can be generated; none is among the held-out ones."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import synthetic

FAMILIES = {
    "vanishes": "all zones have spot machines at first and never again",
    "take-turns": "exactly one zone has spot at any time, and soon it is another",
    "late-drought": "no zone has a spot machine in the later part",
    "early-drought": "no zone has a spot machine in the earlier part",
    "bait": "the cheap zones flap, and a dearer one is steady",
    "slow-start": "a launch takes very long",
    "heavy": "moving the checkpoint costs more than the job on demand",
    "weightless": "moving the checkpoint costs nothing",
    "equal-price": "spot machines cost as much as those on demand",
    "one-zone": "there is a single zone",
    "crowd": "there are very many zones",
    "ten-times": "work and deadline are several times as long as in training",
    "no-slack": "work and one launch fill the time to the deadline",
}
"""Description of each class, for messages."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed; like the held-out ones, with other lengths and spells."""
    rng = random.Random(f"load_balancing/spot_multi_region gate {seed}")
    made = dict(
        synthetic.shapes(
            rng.choice((26.0, 35.0)), rng, first=rng.randint(4, 20), length=rng.randint(4, 16), part=rng.uniform(0.4, 0.7),
            overhead_h=rng.choice((0.1, 0.15, 0.2)),
        )
    )  # fmt: skip
    made["ten-times"] = synthetic.market([synthetic.spells(624, 24, 12, rng) for _ in range(3)], 0.2, 300, work_h=96)
    made["no-slack"] = synthetic.market([synthetic.spells(146, 12, 6, rng) for _ in range(3)], 0.2, 50)
    return [Instance(f"gate-{seed}-{family}", family, made[family]) for family in FAMILIES]
