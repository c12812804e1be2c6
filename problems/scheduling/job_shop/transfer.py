"""Another generator, with durations up to 200 and 40 jobs, which no split has. Nothing is tuned on these."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made
from .fresh import two_sets

SOURCE = "the generator of Demirkol, Mehta and Uzsoy, European Journal of Operational Research 109 (1998)"

_SIZES = ((20, 15), (20, 20), (30, 15), (40, 15))
_COPIES = 4


def instances() -> list[Instance]:
    """Four instances of each size with routes over all machines (dmu01-40), and four with two sets of machines (dmu41-80)."""
    found = []
    for n, m in _SIZES:
        for kind in ("all", "two-sets"):
            for copy in range(_COPIES):
                id = f"transfer-{kind}-{n}x{m}-{copy}"
                rng = random.Random(f"scheduling/job_shop {id}")
                shop = two_sets(n, m, 1, 200, rng)
                if kind == "all":
                    shop = shop[0], [rng.sample(range(m), m) for _ in range(n)]
                found.append(made._instance(id, f"{kind}-{n}x{m}", shop))
    return found
