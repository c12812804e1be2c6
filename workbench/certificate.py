"""Certificates: comparisons with baselines, further checks, the resulting verdict, and a seal over all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from workbench.errors import UsageError
from workbench.formatting import level, points, span
from workbench.model import Interval, Record, Split


class Verdict(StrEnum):
    """Verdict of a certificate.

    `certified`: better than every baseline on test, and all checks pass. `not confirmed`: ahead of every baseline on test, but
    within chance, or a check could not be judged. `not better`: no significant improvement. `overfit`: better on train or
    validation, but not ahead on test; or better on test, but not ahead on fresh instances or on test instances in another form.
    `fragile`: better on test, but a check fails: answers, robustness tests, consistency, determinism, growth, sensitivity to
    constants, permitted APIs, or proven bounds.
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


class FinderKind(StrEnum):
    """What found a program."""

    MODEL = "language model"
    AGENT = "coding agent"
    OPERATORS = "AST mutation operators"
    PERSON = "a person"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finder:
    """Who or what found a program, as whoever knows it has recorded it. Its text is the same everywhere it is shown.

    Attributes
    ----------
    name
        Names of the models or of the agent; what is known instead if the kind is unknown; may be empty.
    """

    kind: FinderKind
    name: str = ""

    def __str__(self) -> str:
        if self.kind is FinderKind.UNKNOWN and self.name:
            return f"{self.kind} ({self.name})"
        return f"{self.kind} {self.name}".rstrip()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a user says: `person`, `agent`, `agent NAME`, `model NAME`, `operators` or `unknown`.

        Raises
        ------
        UsageError
            It is none of these.
        """
        word, _, name = text.strip().partition(" ")
        kinds = {
            "person": FinderKind.PERSON, "agent": FinderKind.AGENT, "model": FinderKind.MODEL, "operators": FinderKind.OPERATORS,
            "unknown": FinderKind.UNKNOWN,
        }  # fmt: skip
        named = word in ("agent", "model")
        if word not in kinds or bool(name.strip()) > named or (word == "model" and not name.strip()):
            raise UsageError(
                f"{text!r} does not say who found a program; write person, agent NAME, model NAME, operators or unknown"
            )
        return cls(kinds[word], name.strip())

    def to_json(self) -> dict[str, str]:
        """Return a JSON object."""
        return {"kind": self.kind.value, "name": self.name}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Restore from `to_json`."""
        return cls(FinderKind(raw["kind"]), str(raw["name"]))


UNKNOWN = Finder(FinderKind.UNKNOWN)


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """Paired comparison of the program with a baseline or initial program on one split; below 0, the program is better.

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
        `comparison`, `instances`, `answers`, `bounds`, `stress`, `consistency`, `determinism`, `reach`, `fresh`, `metamorphic`,
        `recognition`, `growth` or `constants`; and beside the verdict `transfer`, `dependence`, `start`, `drop`,
        `simplification` or `meter`.
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
        looks = f"; validation was used {self.validation} times before" if self.validation else ""
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
class Seal:
    """SHA-256 hashes, in hexadecimal, of what a certificate is about, and one over all of them.

    Nothing here is signed: whoever can edit a certificate can seal it again.

    Attributes
    ----------
    problem, version
        ID and version of the problem.
    program
        Of the program's text.
    evidence
        Of the certificate without its seal.
    origin, record
        `run:number` of a runs folder and the hash of that attempt as it is kept there, or `file NAME` and that of the file.
    module
        Of the exported module; empty before an export.
    whole
        Of all of the above.
    """

    problem: str
    version: str
    program: str
    evidence: str
    origin: str
    record: str
    module: str
    whole: str

    @classmethod
    def of(cls, certificate: Mapping[str, Any], program: str, origin: str, record: str) -> Self:
        """Seal a certificate, given as JSON; see `evidence_hash`."""
        made = cls(
            str(certificate["problem"]), str(certificate["version"]), program, evidence_hash(certificate), origin, record, "", ""
        )
        return replace(made, whole=made.recomputed())

    def with_module(self, module: str) -> Self:
        """Return the seal after an export, with the hash of the module."""
        made = replace(self, module=module)
        return replace(made, whole=made.recomputed())

    def recomputed(self) -> str:
        """Return what `whole` has to be."""
        parts = self.to_json()
        del parts["whole"]
        return json_hash(parts)

    def to_json(self) -> dict[str, str]:
        """Return a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Restore from `to_json`.

        Raises
        ------
        KeyError
            A hash is missing.
        """
        return cls(*(str(raw[name]) for name in cls.__slots__))


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
    finder
        Who or what found the program; None in certificates that were made before this was recorded.
    starts
        Comparisons on test with each program that the search started from, or with the problem's initial programs.
    seal
        Hashes of all that it is about; None in certificates that were made before there were seals.
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
    finder: Finder | None = None
    starts: tuple[BaselineComparison, ...] = ()
    seal: Seal | None = None

    @property
    def start(self) -> BaselineComparison | None:
        """The closest start, of those that the program is not better than if there are any; None if none was compared."""
        unbeaten = tuple(c for c in self.starts if not c.better)
        return max(unbeaten or self.starts, key=lambda c: c.difference.mean, default=None)

    @property
    def origin(self) -> str:
        """Who found the program, and by how much it improves on its start, in one line."""
        said = [f"found by: {self.finder or 'not recorded'}", *([self.gain] if self.gain else [])]
        return "; ".join(said)

    @property
    def gain(self) -> str:
        """By how much the program improves on its start; empty if that was not measured."""
        if (start := self.start) is None:
            return ""
        mean, low, high = start.difference
        figures = f"{points(mean)} against {start.baseline}, {level(start.confidence)} CI {span(low, high)}"
        return f"over its start: {figures}" if start.better else f"no significant improvement over its start: {figures}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences to be shown with the verdict."""
        return tuple(text for text in (self.seen, self.disclosed) if text)

    @property
    def simplified(self) -> str:
        """The program without its unnecessary parts; empty if there are none, or if this was not checked."""
        return next((str(c.data.get("source", "")) for c in self.checks if c.kind == "simplification"), "")

    @property
    def cheats(self) -> tuple[tuple[str, str, str], ...]:
        """Planted cheats: name, outcome, and the line of the check that rejected it; empty if none were planted."""
        told = [one for c in self.checks if c.kind == "meter" for one in c.data.get("cheats", ()) if isinstance(one, Mapping)]
        return tuple((str(one.get("cheat")), str(one.get("outcome")), str(one.get("line"))) for one in told)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object; the verdict comes first."""
        fields = {name: getattr(self, name) for name in ("reason", "problem", "version", "isolation", "seconds", "seen")}
        return {
            "verdict": self.verdict.value,
            **fields,
            **({"disclosed": self.disclosed} if self.disclosed else {}),
            **({"finder": self.finder.to_json()} if self.finder else {}),
            "opening": self.opening.to_json() if self.opening else {},
            "gaps": {split.value: gap for split, gap in self.gaps.items()},
            "comparisons": [comparison.to_json() for comparison in self.comparisons],
            **({"starts": [start.to_json() for start in self.starts]} if self.starts else {}),
            "checks": [asdict(check) for check in self.checks],
            **({"seal": self.seal.to_json()} if self.seal else {}),
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
                tuple(Check(c["name"], c["kind"], c["passed"], c["line"], dict(c["data"])) for c in raw["checks"]),
                raw["seconds"],
                Opening.from_json(raw["opening"]) if raw.get("opening") else None,
                raw.get("seen", ""),
                raw.get("disclosed", ""),
                Finder.from_json(raw["finder"]) if raw.get("finder") else None,
                tuple(BaselineComparison.from_json(one) for one in raw.get("starts", ())),
                Seal.from_json(raw["seal"]) if raw.get("seal") else None,
            )
        except KeyError as error:
            raise ValueError(f"the certificate lacks {error}") from error
        except (AttributeError, TypeError) as error:
            raise ValueError(f"not a certificate: {error}") from error


def evidence_hash(certificate: Mapping[str, Any]) -> str:
    """Return the hash of a certificate without its seal, given as the JSON that was kept: no field is left out, known or not."""
    return json_hash({name: value for name, value in certificate.items() if name != "seal"})


def json_hash(value: Any) -> str:
    """Return the SHA-256 of a JSON value in a form that does not depend on order of keys and layout, in hexadecimal."""
    read_back = json.loads(json.dumps(value))  # keys that are numbers become texts, which are sorted otherwise
    return hashlib.sha256(json.dumps(read_back, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
