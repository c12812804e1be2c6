"""What a second look found: comparisons, checks and the verdict they add up to, in words and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from workbench.analysis.compare import Comparison
from workbench.model import Split

Progress = Callable[[str, int, int], None]
"""Stage, steps done, steps in all."""


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


class Verdict(StrEnum):
    """`certified`: better than every baseline on test, and sound. `overfit`: better on train or validation, not on test.
    `fragile`: better on test, but fails there, under stress, in a second run, with size, or with a constant a little moved;
    or it reaches beyond what it is given, or beats what is proven to be best."""

    CERTIFIED = "certified"
    NOT_BETTER = "not better"
    OVERFIT = "overfit"
    FRAGILE = "fragile"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of evidence.

    Attributes
    ----------
    kind
        `comparison`, `answers`, `bounds`, `stress`, `determinism`, `reach`, `growth`, `constants`, `drop` or
        `simplification`.
    line
        What was found, in words.
    data
        The figures behind it, JSON-clean.
    """

    name: str
    kind: str
    passed: bool
    line: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A verdict with its evidence.

    Attributes
    ----------
    reason
        The line that decided the verdict.
    gaps
        Mean gap of the program by split.
    comparisons
        Against each baseline, on train, validation and test.
    checks
        Every check with its line, in the order they were made.
    opening
        How often the test split had been opened by then; empty where nobody counted.
    seen
        What of the stress families the program's run had seen before; empty: nothing.
    """

    verdict: Verdict
    reason: str
    problem: str
    version: str
    isolation: str
    gaps: Mapping[Split, float]
    comparisons: Mapping[Split, tuple[Comparison, ...]]
    checks: tuple[Check, ...]
    seconds: float
    opening: Mapping[str, Any] = field(default_factory=dict)
    seen: str = ""

    def to_json(self) -> dict[str, Any]:
        """JSON-clean copy; the verdict comes first."""
        fields = {name: getattr(self, name) for name in ("reason", "problem", "version", "isolation", "seconds", "seen")}
        return {
            "verdict": self.verdict.value,
            **fields,
            "opening": dict(self.opening),
            "gaps": {split.value: gap for split, gap in self.gaps.items()},
            "comparisons": [
                {
                    "baseline": c.against, "split": split.value, "better": c.better, **c.difference._asdict(),
                    "confidence": c.confidence, **c.record._asdict(),
                }
                for split, made in self.comparisons.items() for c in made
            ],
            "checks": [asdict(check) for check in self.checks],
        }  # fmt: skip


def decide(comparisons: Mapping[Split, Sequence[Comparison]], sound: Sequence[Check]) -> tuple[Verdict, str]:
    """The verdict, and the line that decides it."""
    test = comparisons[Split.TEST]
    closest = max(test, key=lambda c: c.difference.high)
    if not closest.better:
        for split in (Split.VALIDATION, Split.TRAIN):
            if comparisons[split] and all(c.better for c in comparisons[split]):
                return Verdict.OVERFIT, f"better than every baseline on {split}, but test: {closest}"
        return Verdict.NOT_BETTER, f"test: {closest}"
    broken = next((check for check in sound if not check.passed), None)
    if broken:
        return Verdict.FRAGILE, broken.line
    return Verdict.CERTIFIED, f"better than every baseline, closest on test: {closest}"
