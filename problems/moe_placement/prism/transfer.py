"""Pods of a production cluster in place of models: memory for weights, share of a GPU for load. Nothing is tuned on these."""

from __future__ import annotations

import json
import random
from pathlib import Path

from workbench.model import Instance

from . import instances as made

SOURCE = "pods of a production cluster of Alibaba, cluster-trace-gpu-v2023"

_DATA = Path(__file__).parent / "data" / "pods_2023.json"
_MEMORY = 141
"""Of a GPU, in GB."""
_LARGEST = 64


def instances() -> list[Instance]:
    """Fourteen draws of each number of pods, on GPUs that leave room for the largest pod somewhere."""
    kinds = json.loads(_DATA.read_text())
    found = []
    for n in (15, 30, 60):
        for copy in range(14):
            id = f"transfer-pods-{n}-{copy}"
            rng = random.Random(f"moe_placement/prism {id}")
            pods = rng.choices(kinds, [count for _, _, count in kinds], k=n)
            models = [{"size": gib, "rate": milli, "slo": 1000} for gib, milli, _ in pods]
            least = -(-sum(gib for gib, _, _ in pods) // (_MEMORY - 1 - _LARGEST))
            found.append(made._instance(id, f"pods-{n}", max(least, round(n / 2.5)), _MEMORY, models))
    return found
