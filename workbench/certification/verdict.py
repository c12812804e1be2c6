"""How comparisons and checks decide the verdict, and how a long examination tells how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workbench.analysis.compare import Comparison
from workbench.certificate import Check, Verdict
from workbench.model import Split

Progress = Callable[[str, int, int], None]
"""Stage, steps done, steps in all."""


ELSEWHERE = ("fresh", "metamorphic", "recognition")
"""Kinds of checks that only a program fails whose lead on test does not hold on other instances, or in another form of them."""


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def decide(comparisons: Mapping[Split, Sequence[Comparison]], sound: Sequence[Check]) -> tuple[Verdict, str]:
    """The verdict, and the line that decides it."""
    test = comparisons[Split.TEST]
    closest = max(test, key=lambda c: c.difference.mean)
    if not all(c.better for c in test):
        if closest.difference.mean < 0:
            nearest = max((c for c in test if not c.better), key=lambda c: c.difference.mean)
            return Verdict.NOT_CONFIRMED, f"ahead of every baseline on test, but within chance: {nearest}"
        for split in (Split.VALIDATION, Split.TRAIN):
            if comparisons[split] and all(c.better for c in comparisons[split]):
                return Verdict.OVERFIT, f"better than every baseline on {split}, but test: {closest}"
        return Verdict.NOT_BETTER, f"test: {closest}"
    if broken := next((check for check in sound if check.passed is False), None):
        return (Verdict.OVERFIT if broken.kind in ELSEWHERE else Verdict.FRAGILE), broken.line
    if doubtful := next((check for check in sound if check.passed is None), None):
        return Verdict.NOT_CONFIRMED, doubtful.line
    return Verdict.CERTIFIED, f"better than every baseline, closest on test: {closest}"
