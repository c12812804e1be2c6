"""Other makes of GPU, and models that nobody published: shapes by a scaling rule. Nothing is tuned on these."""

from __future__ import annotations

import random
from typing import Any

from workbench.model import Instance

from . import instances as made

SOURCE = "GPUs of three other makes and kinds, and transformers shaped by a rule (layers and heads by width)"

_KINDS = ("mi300x-192", "gaudi2-96", "rtx-4090-24")
_COPIES = 12


def instances() -> list[Instance]:
    """Draw jobs for each kind of GPU."""
    return [
        made.instance(f"transfer-{kind}-{copy}", kind, lambda rng: _job(rng, kind), 0.03)  # noqa: B023
        for kind in _KINDS
        for copy in range(_COPIES)
    ]


def _job(rng: random.Random, kind: str) -> dict[str, Any]:
    cluster = made.GPUS[kind]
    heads = 8 * rng.choice((3, 4, 5, 6, 8, 10))
    model = {
        "layers": 4 * round(heads / 4 * rng.choice((0.8, 1.0, 1.2))), "hidden": 128 * heads, "heads": heads,
        "kv_heads": heads // rng.choice((1, 4, 8)), "head_size": 128, "ffn": 128 * heads * 3, "gated": True,
        "vocabulary": rng.choice((32_000, 100_352, 200_064)), "sequence": rng.choice((2048, 4096)),
    }  # fmt: skip
    return made.assembled(rng, model, {"gpus": cluster["gpus_per_node"] * rng.choice((4, 8, 16, 24)), **cluster})
