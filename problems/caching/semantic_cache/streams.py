"""Streams of queries over the texts of CLINC150: what is asked how often, how it changes, and when answers become out of date."""

from __future__ import annotations

import base64
import json
import lzma
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from workbench.model import Split

_DATA = Path(__file__).parent / "data"

NEAREST = 6
"""Similar entries that a lookup returns at most."""

DOMAINS = {
    Split.TRAIN: ("home", "kitchen_and_dining", "travel"),
    Split.VALIDATION: ("auto_and_commute", "utility", "work"),
    Split.TEST: ("banking", "credit_cards", "meta", "small_talk"),
}
"""Domains of CLINC150 by split; related ones are in one split."""

_CATEGORIES = 3
_ANSWERS = 100_000
"""Answers have random numbers below this, so that none tells when it will be asked for."""


@dataclass(frozen=True)
class Texts:
    """Embeddings: by domain, for each of its intents those of its texts; and those of texts that belong to no intent."""

    dims: int
    domains: Mapping[str, Sequence[Sequence[bytes]]]
    unknown: Sequence[bytes]


@dataclass(frozen=True)
class Shape:
    """What a stream is like.

    Attributes
    ----------
    capacity, false_cost
        Answers that the cache holds; cost of a wrong answer in calls of the model.
    lives
        Mean life of answers in steps, one for each category (shuffled); 0: for ever.
    epochs
        The popularity of intents changes this many times.
    moves
        Share of intents whose popularity changes then.
    unknown
        Least and greatest share of queries that belong to no intent and have an answer of their own.
    texts
        Texts of an intent that are asked.
    personal
        Share of queries to an intent that have an answer of their own, though their text is that of others.
    """

    capacity: int
    false_cost: int
    lives: tuple[int, ...] = (0, 240, 60)
    epochs: int = 3
    moves: float = 0.15
    unknown: tuple[float, float] = (0.05, 0.25)
    queries: int = 900
    steps: int = 180
    texts: int = 60
    personal: float = 0.0
    categories: int = _CATEGORIES


def rng_of(id: str) -> random.Random:
    """Return the generator of one instance."""
    return random.Random(f"caching/semantic_cache {id}")


@lru_cache
def recorded(name: str) -> Texts:
    """Read the embeddings of a set of texts."""
    raw = json.loads(lzma.decompress((_DATA / f"{name}.json.xz").read_bytes()))
    dims = raw["dims"]
    domains = {
        domain: [_cut(intents[name], dims) for name in sorted(intents)] for domain, intents in sorted(raw["domains"].items())
    }
    return Texts(dims, domains, _cut(raw["out_of_scope"], dims))


def _cut(text: str, dims: int) -> list[bytes]:
    raw = base64.b64decode(text)
    return [raw[at : at + dims] for at in range(0, len(raw), dims)]


@lru_cache
def texts_of(split: Split) -> Texts:
    """Return the texts of one split: its domains, and every third of those that belong to no intent."""
    every = recorded("clinc150")
    start = list(DOMAINS).index(split)
    return Texts(every.dims, {name: every.domains[name] for name in DOMAINS[split]}, every.unknown[start :: len(DOMAINS)])


def stream(texts: Texts, shape: Shape, rng: random.Random) -> dict[str, Any]:
    """Draw one instance: which intents there are, how popular each is when, and all queries."""
    chosen = rng.sample(sorted(texts.domains), min(shape.categories, len(texts.domains)))
    intents = [
        _Intent(category, rng.sample(own, min(shape.texts, len(own))), life, rng)
        for (category, domain), life in zip(enumerate(chosen), rng.sample(shape.lives, len(chosen)), strict=True)
        for own in rng.sample(list(texts.domains[domain]), min(rng.randint(9, 15), len(texts.domains[domain])))
    ]
    popularity = _popularity(len(intents), shape, rng)
    steps = sorted(rng.randrange(shape.steps) for _ in range(shape.queries))
    unknown, strange = rng.uniform(*shape.unknown), rng.sample(list(texts.unknown), len(texts.unknown))
    numbers, answers = iter(rng.sample(range(_ANSWERS), 5 * shape.queries)), {}
    seen: dict[bytes, int] = {}
    rows = []
    for count, step in enumerate(steps):
        key: object
        if strange and rng.random() < unknown:
            text, category = strange[count % len(strange)], rng.randrange(len(chosen))
            key = text
        else:
            weights = popularity[step * len(popularity) // shape.steps]
            intent = rng.choices(intents, cum_weights=weights)[0]
            text, category = rng.choices(intent.texts, cum_weights=intent.weights)[0], intent.category
            key = count if rng.random() < shape.personal else (id(intent), intent.version(step, rng))
        if key not in answers:
            answers[key] = next(numbers)
        rows.append([step, seen.setdefault(text, len(seen)), category, answers[key]])
    return {
        "capacity": shape.capacity,
        "false_cost": shape.false_cost,
        "nearest": NEAREST,
        "categories": len(chosen),
        "steps": shape.steps,
        "dims": texts.dims,
        "vectors": base64.b64encode(b"".join(seen)).decode(),
        "queries": rows,
    }


class _Intent:
    """An intent: its texts, some asked more often than others, and when its answer changes."""

    def __init__(self, category: int, texts: Sequence[bytes], life: int, rng: random.Random) -> None:
        self.category, self.texts = category, texts
        self.weights = list(accumulate((rank + 1) ** -rng.uniform(0.2, 1.0) for rank in range(len(texts))))
        self.life = life * rng.lognormvariate(0, 0.5)
        self.until = rng.expovariate(1 / self.life) if life else math.inf
        self.number = 0

    def version(self, step: int, rng: random.Random) -> int:
        """Return how often the answer has changed before a step; steps must not decrease."""
        while self.until <= step:
            self.until += rng.expovariate(1 / self.life)
            self.number += 1
        return self.number


def _popularity(intents: int, shape: Shape, rng: random.Random) -> list[list[float]]:
    """Return cumulated weights of the intents by epoch: Zipf's law over ranks, some of which change places between epochs."""
    exponent = rng.uniform(0.6, 1.1)
    ranks = rng.sample(range(intents), intents)
    found = []
    for _ in range(shape.epochs):
        found.append(list(accumulate((rank + 1) ** -exponent for rank in ranks)))
        moved = rng.sample(range(intents), max(2, round(shape.moves * intents))) if intents > 1 else []
        for place, rank in zip(moved, [ranks[k] for k in moved[1:] + moved[:1]], strict=True):
            ranks[place] = rank
    return found
