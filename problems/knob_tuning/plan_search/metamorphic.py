"""Another form of an instance: measurements err in another way; with another clock, everything is twice as fast."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation

_SPEEDS = ("tflops", "memory_gb_s", "link_gb_s", "network_gb_s")
_TIMES = ("launch_us", "link_us", "network_us", "iteration_ms")


def _measured_again(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    return {**data, "seed": rng.getrandbits(30)}


def _faster(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    cluster, known = dict(data["cluster"]), dict(data["coefficients"])
    for name in _SPEEDS:
        cluster[name] *= 2
    for name in _TIMES:
        known[name] /= 2
    return {**data, "cluster": cluster, "coefficients": known}


RELATIONS = (
    Relation("measured with other errors", _measured_again, factor=None),
    Relation("everything twice as fast", _faster, decides=False),
)
