"""Streams of queries by class, split by domain; other streams for stress tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from workbench.model import Instance, Split

from .streams import Shape, rng_of, stream, texts_of

CLASSES = {
    "small": Shape(capacity=40, false_cost=2),
    "large": Shape(capacity=160, false_cost=4),
    "volatile": Shape(capacity=80, false_cost=2, lives=(120, 40, 15)),
    "moving": Shape(capacity=80, false_cost=4, epochs=6, moves=0.6),
}
"""Streams that count, by class."""

COPIES = {Split.TRAIN: 12, Split.VALIDATION: 8, Split.TEST: 15}

_USUAL = Shape(capacity=80, false_cost=3)

STRESS = {
    "long": replace(_USUAL, queries=3_600, steps=720, epochs=12),
    "crowd": replace(_USUAL, steps=9),
    "verbatim": replace(_USUAL, texts=1),
    "tiny": replace(_USUAL, capacity=3),
    "roomy": replace(_USUAL, capacity=1_000),
    "turned": replace(_USUAL, epochs=2, moves=1.0),
    "fleeting": replace(_USUAL, lives=(12, 6, 3)),
    "lasting": replace(_USUAL, lives=(0, 0, 0), epochs=1),
    "dear": replace(_USUAL, false_cost=30),
    "cheap": replace(_USUAL, false_cost=1),
    "strange": replace(_USUAL, unknown=(0.7, 0.8)),
    "personal": replace(_USUAL, personal=0.5),
    "one-category": replace(_USUAL, categories=1, capacity=30),
}
"""Streams of stress tests, by class."""


def streams(split: Split, prefix: str, copies: int) -> Iterator[Instance]:
    """Draw streams of each class over the texts of a split."""
    for family, shape in CLASSES.items():
        for copy in range(copies):
            id = f"{prefix}-{family}-{copy}"
            yield Instance(id, family, stream(texts_of(split), shape, rng_of(id)))


def instances(split: Split) -> list[Instance]:
    """Return the instances of a split; stress tests are made of the texts of test, two of each class."""
    if split is not Split.STRESS:
        return list(streams(split, split.value, COPIES[split]))
    return [
        Instance(id := f"stress-{family}-{copy}", family, stream(texts_of(Split.TEST), shape, rng_of(id)))
        for family, shape in STRESS.items()
        for copy in range(2)
    ]
