"""Stress instances for the robustness filter, one of each class that can be generated; none is among the held-out ones."""

from __future__ import annotations

import random
from collections.abc import Callable

from workbench.model import Instance

from . import instances as made

FAMILIES = {
    "single_gpu": "there is a single GPU",
    "same_models": "all models are the same",
    "ties": "models have two sizes and two loads, so that most comparisons are ties",
    "idle_models": "some models have no requests and only use memory",
    "one_giant": "one model fills nearly a whole GPU",
    "memory_tight": "the models almost fill the memory",
    "wide_memory": "GPUs have much less or much more memory than usual",
    "heavy_tail": "loads spread over four decades",
    "ten_times": "there are several times as many models and GPUs as in training",
}
"""Description of each class, for messages."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed."""
    shapes: dict[str, Callable[[random.Random, int], tuple[int, int, made.Models]]] = {
        "single_gpu": made._one_gpu,
        "same_models": made._same,
        "ties": made._ties,
        "idle_models": made._idle,
        "one_giant": made._giant,
        "memory_tight": made._tight,
        "wide_memory": made._wide_memory,
        "heavy_tail": made._heavy_tail,
        # A third of the size of the held-out ones.
        "ten_times": lambda rng, copy: (75, 80, made._uniform(rng, 150, 5, 34)),
    }
    found = []
    for family, draw in shapes.items():
        id = f"gate-{seed}-{family}"
        rng = made._rng(id)
        found.append(made._instance(id, family, *draw(rng, rng.randrange(2))))
    return found
