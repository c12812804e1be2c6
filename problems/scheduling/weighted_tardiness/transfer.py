"""Another generator: queues with due dates as shop floors set them, and three weights. Nothing is tuned on these."""

from __future__ import annotations

import random

from evaluators.queues import RULES, queue
from workbench.model import Instance

SOURCE = (
    "queues with due dates by rules of Baker and Bertrand, AIIE Transactions 13 (1981), "
    "weights of Pinedo and Singer, Naval Research Logistics 46 (1999)"
)

_SIZES = (30, 60, 120)


def instances() -> list[Instance]:
    """Two queues for each rule, size, allowance and age; a fifth of the jobs has weight 4, a fifth 1, the others 2."""
    found = []
    for n in _SIZES:
        for rule in RULES:
            for allowance in (0.6, 1.0):
                for age in (0.5, 1.0):
                    for copy in range(2):
                        id = f"transfer-{n}-{rule}-{allowance}-{age}-{copy}"
                        rng = random.Random(f"scheduling/weighted_tardiness {id}")
                        processing, due = queue(n, rule, allowance, age, rng)
                        weight = rng.choices((4, 2, 1), (20, 60, 20), k=n)
                        found.append(Instance(id, f"queue-{n}", {"processing": processing, "weight": weight, "due": due}))
    return found
