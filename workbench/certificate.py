"""A certificate: comparisons with the baselines, further checks, and the verdict they add up to. As a record, in words, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from workbench.model import Interval, Record, Split


class Verdict(StrEnum):
    """`certified`: better than every baseline on test, and sound. `overfit`: better on train or validation, not on test.
    `fragile`: better on test, but fails there, under stress, in a second run, with size, or with a constant a little moved;
    or it reaches beyond what it is given, or beats what is proven to be best."""

    CERTIFIED = "certified"
    NOT_BETTER = "not better"
    OVERFIT = "overfit"
    FRAGILE = "fragile"


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """The program against one baseline on one split; the difference in gap is below 0 where the program is better.

    Attributes
    ----------
    difference
        Mean over families and its interval at `confidence`, which is corrected for the number of baselines.
    record
        Wins, ties and losses over instances.
    """

    baseline: str
    split: Split
    difference: Interval
    confidence: float
    record: Record

    @property
    def better(self) -> bool:
        """Whether the whole interval lies below 0."""
        return self.difference.high < 0

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "baseline": self.baseline, "split": self.split.value, "better": self.better, **self.difference._asdict(),
            "confidence": self.confidence, **self.record._asdict(),
        }  # fmt: skip

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """From what `to_json` made."""
        difference = Interval(*(raw[name] for name in Interval._fields))
        record = Record(*(raw[name] for name in Record._fields))
        return cls(raw["baseline"], Split(raw["split"]), difference, raw["confidence"], record)


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
        The figures behind it for other programs, JSON-clean; what the workbench itself reads of them has a name of its own.
    """

    name: str
    kind: str
    passed: bool
    line: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of the test split.

    Attributes
    ----------
    count
        Different programs that have seen it by then, this one included.
    limit
        How many may.
    again
        Whether this very program had seen it before; then it is not counted again.
    forced
        Whether it was opened beyond the limit.
    id
        Under which a runs folder keeps it; None once it is part of a certificate.
    """

    count: int
    limit: int
    again: bool
    forced: bool
    id: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        extra = "; this program had been here before" if self.again else "; beyond the limit, on demand" if self.forced else ""
        return f"the test split of this version was opened for {self.count} of {self.limit} programs{extra}"

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"count": self.count, "limit": self.limit, "again": self.again, "forced": self.forced}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """From what `to_json` made."""
        return cls(raw["count"], raw["limit"], raw["again"], raw["forced"])


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
    seconds
        How long the examination took.
    opening
        How often the test split had been opened by then; None where nobody counted.
    seen
        What of the stress families the program's run had seen before; empty: nothing.
    """

    verdict: Verdict
    reason: str
    problem: str
    version: str
    isolation: str
    gaps: Mapping[Split, float]
    comparisons: tuple[BaselineComparison, ...]
    checks: tuple[Check, ...]
    seconds: float
    opening: Opening | None = None
    seen: str = ""

    @property
    def simplified(self) -> str:
        """The program without the parts that can go; empty where none can, or where that was not tried."""
        return next((str(c.data.get("source", "")) for c in self.checks if c.kind == "simplification"), "")

    def to_json(self) -> dict[str, Any]:
        """JSON-clean copy; the verdict comes first."""
        fields = {name: getattr(self, name) for name in ("reason", "problem", "version", "isolation", "seconds", "seen")}
        return {
            "verdict": self.verdict.value,
            **fields,
            "opening": self.opening.to_json() if self.opening else {},
            "gaps": {split.value: gap for split, gap in self.gaps.items()},
            "comparisons": [comparison.to_json() for comparison in self.comparisons],
            "checks": [asdict(check) for check in self.checks],
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """From what `to_json` made; nothing is lost on the way there and back.

        Raises
        ------
        ValueError
            It is no certificate.
        """
        try:
            return cls(
                Verdict(raw["verdict"]),
                raw["reason"],
                raw["problem"],
                raw["version"],
                raw["isolation"],
                {Split(split): gap for split, gap in raw["gaps"].items()},
                tuple(BaselineComparison.from_json(one) for one in raw["comparisons"]),
                tuple(Check(c["name"], c["kind"], c["passed"], c["line"], c["data"]) for c in raw["checks"]),
                raw["seconds"],
                Opening.from_json(raw["opening"]) if raw.get("opening") else None,
                raw.get("seen", ""),
            )
        except KeyError as error:
            raise ValueError(f"a certificate lacks {error}") from error
        except (AttributeError, TypeError) as error:
            raise ValueError(f"no certificate: {error}") from error
