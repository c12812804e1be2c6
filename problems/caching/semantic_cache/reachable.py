"""What is within reach: thresholds and times to live by category, the best in hindsight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from evaluators.semantic_cache.verifier import SemanticCache
from workbench.model import Instance

THRESHOLDS = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
LIMITS = (6, 12, 25, 50, 100, math.inf)

WORDS = "a threshold and a time to live for each category, chosen in hindsight for every stream, with LRU"


@dataclass(frozen=True)
class Setting:
    """Threshold and time to live in steps of one category."""

    threshold: float
    limit: float


def objective(instance: Instance) -> float:
    """Return what the best settings reach: the best for all categories, then changed one by one as long as that helps."""
    count = instance.data["categories"]
    best, chosen = max(
        (
            (saved(instance, [setting] * count), [setting] * count)
            for t in THRESHOLDS
            for limit in LIMITS
            if (setting := Setting(t, limit))
        ),
        key=lambda pair: pair[0],
    )
    for category in range(count):
        for changed in [*({"threshold": t} for t in THRESHOLDS), *({"limit": limit} for limit in LIMITS)]:
            other = [*chosen[:category], replace(chosen[category], **changed), *chosen[category + 1 :]]
            found = saved(instance, other)
            if found > best:
                best, chosen = found, other
    return best


def saved(instance: Instance, settings: Sequence[Setting]) -> float:
    """Return what a cache with some settings saves."""
    return SemanticCache().run(instance, _Fixed(settings)).objective


class _Fixed:
    """Reuses the nearest entry that is near and young enough for the category of the query; drops the least recently used."""

    def __init__(self, settings: Sequence[Setting]) -> None:
        self._settings = settings

    def __call__(self, *args: Any) -> Any:
        raise TypeError("an online verifier calls methods")

    def begin(self, *args: Any) -> None:
        self._capacity: int = args[0]["capacity"]
        self._born: dict[int, int] = {}  # the least recently used first

    def call(self, method: str, *args: Any) -> Any:
        return self._lookup(*args) if method == "lookup" else self._learn(*args)

    def _lookup(self, step: int, queries: list[dict[str, Any]]) -> list[int]:
        return [self._choose(step, self._settings[query["category"]], query["near"]) for query in queries]

    def _choose(self, step: int, setting: Setting, near: list[list[Any]]) -> int:
        for slot, similarity in near:
            if similarity < setting.threshold:
                break
            if step - self._born[slot] <= setting.limit:
                self._born[slot] = self._born.pop(slot)
                return int(slot)
        return -1

    def _learn(self, step: int, answers: list[list[int]]) -> list[int]:
        slots = []
        for _ in answers[: self._capacity]:
            slot = len(self._born) if len(self._born) < self._capacity else next(iter(self._born))
            self._born.pop(slot, None)
            self._born[slot] = step
            slots.append(slot)
        return slots + [-1] * (len(answers) - len(slots))
