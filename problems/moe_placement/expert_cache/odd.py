"""Decodings unlike those of training: hints, routers, requests, memories and links that training never shows."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from . import routing
from .machines import LOOSE, TOPICAL, WORDY, Shape, drawn, machine
from .routing import Law

FAMILIES = {
    "no-hints": "there are no hints",
    "wrong-hints": "hints have nothing to do with what is used",
    "unknown-tokens": "tokens have no numbers",
    "other-traffic": "usage was counted on quite different requests",
    "one-spare": "memory holds one expert more than a layer uses",
    "fits": "all experts fit into memory",
    "one-layer": "there is a single layer",
    "slow-link": "loading takes many times as long as computing",
    "quick-link": "loading takes hardly any time",
    "uniform": "every expert is as likely as any other, whatever came before",
    "settled": "nearly the same experts are used all the time",
    "short-requests": "requests are a few tokens long",
    "long": "several times as many tokens are decoded",
    "many-experts": "layers have several times as many experts",
    "top-1": "a token uses a single expert in each layer",
}
"""Description of each class, for messages."""

_LAWS = {
    "uniform": Law(word=0.0, topic=0.0, chance=1.0, carry=0.0, spread=0.0),
    "settled": Law(word=0.02, topic=0.95, chance=0.03, length=500),
    "short-requests": Law(word=0.2, topic=0.5, length=5),
}
_SHAPES = {
    "one-layer": Shape(1, 32, 4, 150),
    "long": Shape(6, 8, 2, 400),
    "many-experts": Shape(3, 256, 8, 60),
    "top-1": Shape(6, 8, 1, 80),
}


def strange(family: str, shape: Shape, rng: random.Random, share: float = 1.0) -> dict[str, Any]:
    """Draw an instance of a class, of a given shape where the class has none of its own, with a share of the tokens."""
    shape = _SHAPES.get(family, shape)
    shape = shape._replace(tokens=round(share * shape.tokens))
    shape = shape._replace(law=_LAWS.get(family, rng.choice((WORDY, TOPICAL, LOOSE))))
    memory = {"one-spare": 0.0, "fits": 1.0}.get(family, rng.choice((0.3, 0.4, 0.5)))
    link = {"slow-link": 30.0, "quick-link": 0.2}.get(family, rng.choice((2.0, 3.0, 4.0)))
    match family:
        case "no-hints":
            shape = shape._replace(law=replace(shape.law, ahead=0))
        case "other-traffic":
            model = routing.Model(*shape[:3], shape.law, rng)
            most = [[max(row) - count for count in row] for row in routing.usage(model, 200)]
            return machine(shape, most, routing.decoded(model, shape.tokens, shape.law.ahead), memory, link)
    data = drawn(shape, memory, link, rng)
    if family == "unknown-tokens":
        data["token_ids"] = [-1] * shape.tokens
    if family == "wrong-hints":
        data["hint"] = [[_shuffled(row, shape.experts, rng) for row in rows] for rows in data["hint"]]
    return data


def _shuffled(row: list[int], experts: int, rng: random.Random) -> list[int]:
    first = row[0] - row[0] % experts
    return rng.sample(range(first, first + experts), len(row))
