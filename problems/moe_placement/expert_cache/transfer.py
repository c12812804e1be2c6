"""Recorded router decisions of a real model, without hints and with hints drawn around them. Nothing is tuned on these."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from workbench.model import Instance

from . import instances as made
from .machines import Shape, machine, rng_of

SOURCE = "router decisions of google/switch-base-8 for 215 tokens (stratamoe-lab, Apache-2.0)"

_COUNTED, _WINDOW = 65, 50
"""Tokens from which usage is counted, and tokens of each of the three windows that follow."""
_RECALL = (0.85, 0.75)
"""How often a drawn hint begins with the expert that is used, one and two layers ahead."""


def instances() -> list[Instance]:
    """Three windows on each machine, with and without hints."""
    raw = json.loads((Path(__file__).parent / "data" / "switch_base_8.json").read_text("utf-8"))
    experts = raw["experts"]
    rows = [[layer * experts + int(digit) for layer, digit in enumerate(text)] for text in raw["tokens"]]
    usage = [[0] * experts for _ in range(raw["layers"])]
    for row in rows[:_COUNTED]:
        for layer, expert in enumerate(row):
            usage[layer][expert % experts] += 1
    found = []
    for kind in ("plain", "hinted"):
        for family in made.CLASSES:
            memory, _, link = family.partition("-")
            for copy in range(3):
                id = f"transfer-{kind}-{family}-{copy}"
                begin = _COUNTED + copy * _WINDOW
                window = rows[begin : begin + _WINDOW]
                decoded = _decoded(window, experts, rng_of(id) if kind == "hinted" else None)
                shape = Shape(raw["layers"], experts, 1, _WINDOW)
                data = machine(shape, usage, decoded, made.MEMORY[memory], made.LINK[link])
                found.append(Instance(id, f"switch-{kind}", data))
    return found


def _decoded(rows: list[list[int]], experts: int, rng: random.Random | None) -> dict[str, Any]:
    hint: list[list[list[int]]] = []
    for row in rows:
        for layer in range(len(row)):
            later = list(enumerate(row[layer + 1 :], layer + 1)) if rng else []
            hint.append([_guess(*used, experts, recall, rng) for used, recall in zip(later, _RECALL, strict=False) if rng])
    need = [[expert] for row in rows for expert in row]
    return {"token_ids": [-1] * len(rows), "starts": [0], "need": need, "hint": hint}


def _guess(layer: int, expert: int, experts: int, recall: float, rng: random.Random) -> list[int]:
    others = [e for e in range(layer * experts, (layer + 1) * experts) if e != expert]
    wrong = rng.sample(others, 2)
    return [expert, wrong[0]] if rng.random() < recall else wrong
