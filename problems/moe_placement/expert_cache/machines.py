"""Machines that decode: a model of a given shape is drawn, and a share of its experts fits into memory."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from . import routing
from .routing import Law

GATE_US, EXPERT_US = 60, 140
"""Time of a layer before its experts are known (attention, router) and with its experts."""
_CALIBRATION = 200
"""Tokens of other requests from which `usage` is counted."""

WORDY, TOPICAL, LOOSE = Law(word=0.4, topic=0.3), Law(word=0.2, topic=0.5), Law(word=0.25, topic=0.35, chance=0.4)
"""Models in which tokens, topics or neither of them say most about what is used."""


class Shape(NamedTuple):
    """A model: layers that are on the machine, experts of each, how many of them a token uses, and how many tokens are decoded."""

    layers: int
    experts: int
    top_k: int
    tokens: int
    law: Law = Law()


def drawn(shape: Shape, memory: float, link: float, rng: random.Random) -> dict[str, Any]:
    """Draw a model, its requests, and a machine on which a share of the experts fits."""
    model = routing.Model(*shape[:3], shape.law, rng)
    usage = routing.usage(model, _CALIBRATION)
    return machine(shape, usage, routing.decoded(model, shape.tokens, shape.law.ahead), memory, link)


def machine(shape: Shape, usage: list[list[int]], decoded: dict[str, Any], memory: float, link: float) -> dict[str, Any]:
    """Return the data of one instance: memory holds the experts that were used most, as far as there is room."""
    experts = shape.layers * shape.experts
    slots = min(experts, max(shape.top_k + 1, round(memory * experts)))
    order = sorted(range(experts), key=lambda e: (-usage[e // shape.experts][e % shape.experts], e % shape.experts, e))
    return {
        "layers": shape.layers,
        "experts": shape.experts,
        "top_k": shape.top_k,
        "slots": slots,
        "load_us": max(1, round(link * (GATE_US + EXPERT_US) / shape.top_k)),
        "gate_us": GATE_US,
        "expert_us": EXPERT_US,
        "usage": usage,
        "resident": sorted(order[:slots]),
        **decoded,
    }


def rng_of(id: str) -> random.Random:
    """Return the generator of one instance."""
    return random.Random(f"moe_placement/expert_cache {id}")
