"""Another generator: queues with due dates as shop floors set them. Nothing is tuned on these."""

from __future__ import annotations

import random

from evaluators.queues import RULES, queue
from workbench.model import Instance

SOURCE = "queues with due dates by rules of Baker and Bertrand, AIIE Transactions 13 (1981)"

_SIZES = (30, 60, 120)


def instances() -> list[Instance]:
    """Two queues for each rule, size, allowance and age."""
    found = []
    for n in _SIZES:
        for rule in RULES:
            for allowance in (0.6, 1.0):
                for age in (0.5, 1.0):
                    for copy in range(2):
                        id = f"transfer-{n}-{rule}-{allowance}-{age}-{copy}"
                        processing, due = queue(n, rule, allowance, age, random.Random(f"scheduling/total_tardiness {id}"))
                        found.append(Instance(id, f"queue-{n}", {"processing": processing, "due": due}))
    return found
