"""Certificates: comparisons with baselines, further checks, and the resulting verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from workbench.model import Interval, Record, Split


class Verdict(StrEnum):
    """Verdict of a certificate.

    `certified`: better than every baseline on test, and all checks pass. `not confirmed`: ahead of every baseline on test, but
    within chance, or a check could not be judged. `not better`: no significant improvement. `overfit`: better on train or
    validation, but not ahead on test. `fragile`: better on test, but a check fails: answers, robustness tests, consistency,
    determinism, growth, sensitivity to constants, permitted APIs, or proven bounds.
    """

    CERTIFIED = "certified"
    NOT_BETTER = "not better"
    NOT_CONFIRMED = "not confirmed"
    OVERFIT = "overfit"
    FRAGILE = "fragile"

    @property
    def words(self) -> str:
        """The verdict as it is shown; the values are what is stored."""
        return _SHOWN.get(self, self.value)


_SHOWN = {
    Verdict.NOT_BETTER: "no significant improvement",
    Verdict.OVERFIT: "did not generalize",
    Verdict.FRAGILE: "failed robustness",
}


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """Paired comparison of the program with one baseline on one split; a negative difference means that the program is better.

    Attributes
    ----------
    difference
        Mean difference in gap over instance classes, and its interval at level `confidence`.
    record
        Wins, ties and losses over instances.
    better
        Whether the program is better: the interval lies below 0 even with one more bad instance, and sign flips agree.
    p_value, guard
        Of the sign flips, and of the one more instance; None in certificates that were made before these were asked.
    """

    baseline: str
    split: Split
    difference: Interval
    confidence: float
    record: Record
    better: bool
    p_value: float | None = None
    guard: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "baseline": self.baseline, "split": self.split.value, "better": self.better, **self.difference._asdict(),
            "confidence": self.confidence, **self.record._asdict(),
            **({} if self.p_value is None else {"p_value": self.p_value, "guard": self.guard}),
        }  # fmt: skip

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Restore from `to_json`."""
        difference = Interval(*(raw[name] for name in Interval._fields))
        record = Record(*(raw[name] for name in Record._fields))
        return cls(
            raw["baseline"], Split(raw["split"]), difference, raw["confidence"], record, raw["better"], raw.get("p_value"),
            raw.get("guard"),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """Result of one check.

    Attributes
    ----------
    passed
        None if it was not judged: it had not enough time, or this machine cannot tell. A certificate needs every decisive check
        to have passed.
    kind
        `comparison`, `instances`, `answers`, `bounds`, `stress`, `consistency`, `determinism`, `reach`, `growth`, `constants`,
        `drop` or `simplification`.
    line
        Result in one line.
    data
        Further figures as plain JSON, for other programs.
    """

    name: str
    kind: str
    passed: bool | None
    line: str
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """`passed`, `failed` or `not judged`."""
        return "not judged" if self.passed is None else "passed" if self.passed else "failed"


@dataclass(frozen=True, slots=True)
class Opening:
    """One access to the held-out test set.

    Attributes
    ----------
    count
        Number of distinct programs evaluated on it so far, including this one.
    limit
        Maximum number.
    again
        Whether this program was evaluated on it before; it is then not counted again.
    forced
        Whether the limit was exceeded on request.
    validation
        Number of evaluations on validation that the user had asked for before, on the same machine.
    id
        Key in the runs folder; None in a certificate.
    """

    count: int
    limit: int
    again: bool
    forced: bool
    validation: int = 0
    id: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        extra = "; this program had accessed it before" if self.again else "; beyond the limit, with --force" if self.forced else ""
        looks = f"; validation was used {self.validation} times by evolve eval" if self.validation else ""
        return f"test-set access: {self.count} of {self.limit} programs for this test set{extra}{looks}"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        looks = {"validation": self.validation} if self.validation else {}
        return {"count": self.count, "limit": self.limit, "again": self.again, "forced": self.forced, **looks}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Restore from `to_json`."""
        return cls(raw["count"], raw["limit"], raw["again"], raw["forced"], raw.get("validation", 0))


@dataclass(frozen=True, slots=True)
class Certificate:
    """A verdict with its evidence.

    Attributes
    ----------
    reason
        The line that determined the verdict.
    gaps
        Mean gap of the program by split.
    comparisons
        Comparisons with each baseline, on train, validation and test.
    checks
        All checks, in order.
    seconds
        Duration of the certification.
    opening
        Access to the held-out test set; None if it was not counted.
    seen
        Stress classes that the program's run had seen before; empty: none.
    disclosed
        What the problem discloses of its `test` and `stress` instances; empty: nothing.
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
    disclosed: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences to be shown with the verdict."""
        return tuple(text for text in (self.seen, self.disclosed) if text)

    @property
    def simplified(self) -> str:
        """The program without its unnecessary parts; empty if there are none, or if this was not checked."""
        return next((str(c.data.get("source", "")) for c in self.checks if c.kind == "simplification"), "")

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object; the verdict comes first."""
        fields = {name: getattr(self, name) for name in ("reason", "problem", "version", "isolation", "seconds", "seen")}
        return {
            "verdict": self.verdict.value,
            **fields,
            **({"disclosed": self.disclosed} if self.disclosed else {}),
            "opening": self.opening.to_json() if self.opening else {},
            "gaps": {split.value: gap for split, gap in self.gaps.items()},
            "comparisons": [comparison.to_json() for comparison in self.comparisons],
            "checks": [asdict(check) for check in self.checks],
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Restore from `to_json`, without loss.

        Raises
        ------
        ValueError
            The data are not a certificate.
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
                raw.get("disclosed", ""),
            )
        except KeyError as error:
            raise ValueError(f"the certificate lacks {error}") from error
        except (AttributeError, TypeError) as error:
            raise ValueError(f"not a certificate: {error}") from error
