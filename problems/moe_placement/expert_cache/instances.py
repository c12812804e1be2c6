"""Decoding with models of which a part fits into memory; the splits have models of different shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from workbench.model import Instance, Split

from . import odd
from .machines import LOOSE, TOPICAL, WORDY, Shape, drawn, rng_of

SHAPES = {
    Split.TRAIN: {
        "mixtral": Shape(8, 8, 2, 80, WORDY),
        "dbrx": Shape(6, 16, 4, 90),
        "deepseek-v2-lite": Shape(5, 64, 6, 100, TOPICAL),
    },
    Split.VALIDATION: {
        "phi-3.5": Shape(8, 16, 2, 80),
        "qwen1.5": Shape(5, 60, 4, 100, LOOSE),
    },
    Split.TEST: {
        "jamba": Shape(10, 16, 2, 80, TOPICAL),
        "granite": Shape(6, 40, 8, 100, WORDY),
        "olmoe": Shape(6, 64, 8, 100),
        "qwen3": Shape(6, 128, 8, 100, LOOSE),
    },
}
"""Shapes by the name of the published model whose experts and top-k they have; layers are those of a stage of it."""

MEMORY = {"tight": 0.3, "roomy": 0.5}
"""Share of all experts that fits into memory."""
LINK = {"slow": 4.0, "fast": 2.0}
"""Time to load as many experts as a token uses in a layer, in units of the time of a layer."""
CLASSES = [f"{memory}-{link}" for memory in MEMORY for link in LINK]
COPIES = {Split.TRAIN: 3, Split.VALIDATION: 4, Split.TEST: 3}
"""Instances by shape and class."""


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, in a fixed order; train, validation and test have models of other shapes."""
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    return tuple(_stress() if split is Split.STRESS else usual(split, str(split), COPIES[split]))


def usual(split: Split, prefix: str, copies: int) -> Iterator[Instance]:
    """Yield `copies` instances of each class for each shape of a split, each drawn from its id, which begins with `prefix`."""
    for family in CLASSES:
        memory, _, link = family.partition("-")
        for name, shape in SHAPES[split].items():
            for copy in range(copies):
                id = f"{prefix}-{name}-{family}-{copy}"
                yield Instance(id, family, drawn(shape, MEMORY[memory], LINK[link], rng_of(id)))


def _stress() -> Iterator[Instance]:
    for family in odd.FAMILIES:
        for copy, shape in enumerate((Shape(6, 16, 2, 60), Shape(4, 48, 6, 60))):
            id = f"stress-{family}-{copy}"
            yield Instance(id, family, odd.strange(family, shape, rng_of(id)))
