"""Fresh points for the gate, far from those of the splits."""

import random

from workbench.model import Instance

FAMILIES = {"flat": "the curve is flat", "steep": "the curve is steep"}


def instances(seed: int) -> list[Instance]:
    """Two instances a family."""
    rng = random.Random(f"gate {seed}")
    return [
        Instance(f"gate-{seed}-{k}", "steep" if k % 2 else "flat", {"x": [rng.randint(1000, 2000), 2001], "a": 2 + k % 2})
        for k in range(4)
    ]
