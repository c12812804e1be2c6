"""Certificates in the package: for each problem the best heuristic found so far, with its verdict, positive or not."""

from __future__ import annotations

import difflib
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from workbench.certificate import BaselineComparison, Certificate, Finder, FinderKind, Verdict
from workbench.errors import ProblemError, UsageError
from workbench.model import Split
from workbench.problem import catalog

FORMAT = 1
MAKE = "python -m tests.certificates"
"""Command that recreates them."""


@dataclass(frozen=True, slots=True)
class Found:
    """How a heuristic was found.

    Attributes
    ----------
    proposer
        Name of the proposer, for display.
    attempts
        Number of attempts of the run; 0 if a person wrote the heuristic.
    seed
        Random seed of the run; None without a run.
    starts
        Names of the run's initial programs.
    champion
        Number of the attempt that produced it.
    """

    proposer: str
    attempts: int
    seed: int | None
    starts: tuple[str, ...]
    champion: int

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return {
            "proposer": self.proposer, "attempts": self.attempts, "seed": self.seed, "from": list(self.starts),
            "champion": self.champion,
        }  # fmt: skip

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Restore from `to_json`."""
        return cls(raw["proposer"], raw["attempts"], raw["seed"], tuple(raw["from"]), raw["champion"])


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A heuristic shipped with its certificate.

    Attributes
    ----------
    problem, version
        Problem ID, and the version of the problem that was certified.
    made
        Date of the certificate, ISO format.
    found
        How it was found.
    seconds
        Evaluation time on `train` of the problem's stronger initial program, in seconds.
    source
        Source as found by the search; `module` is the exported version.
    """

    problem: str
    version: str
    made: str
    found: Found
    seconds: float
    source: str
    certificate: Certificate
    module: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """The module, its test cases if they lie beside it, and the certificate."""
        beside = (self.module.with_suffix(suffix) for suffix in (".cases.json", ".json"))
        return (self.module, *(path for path in beside if path.is_file()))

    @property
    def verdict(self) -> Verdict:
        """`certified`, `not better`, `overfit` or `fragile`."""
        return self.certificate.verdict

    def closest(self, split: Split) -> BaselineComparison | None:
        """Return the comparison with the best baseline on a split; None if there was none."""
        found = (c for c in self.certificate.comparisons if c.split is split)
        return max(found, key=lambda c: c.difference.mean, default=None)

    @property
    def gap(self) -> float | None:
        """Gap on the held-out test set."""
        return self.certificate.gaps.get(Split.TEST)

    @property
    def best_human(self) -> float | None:
        """Gap of the best baseline on the held-out test set."""
        closest = self.closest(Split.TEST)
        return None if self.gap is None or closest is None else self.gap - closest.difference.mean

    @property
    def finder(self) -> Finder:
        """Who or what found it; certificates that do not say so are by the run's proposer."""
        kinds = {"no LLM": FinderKind.OPERATORS, "a person": FinderKind.PERSON}
        if self.certificate.finder is not None:
            return self.certificate.finder
        kind = kinds.get(self.found.proposer, FinderKind.MODEL)
        return Finder(kind, self.found.proposer if kind is FinderKind.MODEL else "")

    @property
    def found_by(self) -> str:
        """Who or what found it, and with how many candidates."""
        if not self.found.attempts:
            return str(self.finder)
        count = f"{self.found.attempts} candidates"
        if self.finder.kind is FinderKind.PERSON:
            return f"{self.finder}: the initial program, to which {count} added nothing"
        return f"{self.finder}, {count}"

    def stale(self, version: str) -> str:
        """Return a message with the fix if the problem's version has changed, otherwise an empty string."""
        if version == self.version:
            return ""
        then = f"the certificate is for version {self.version}, but {self.problem} now has version {version}"
        return f"{then}; recreate it with: {MAKE} {self.problem}"


def place() -> Path:
    """Return the folder of the certificates."""
    return catalog.root() / "runs" / "gallery" / "certified"


def path_of(slug: str) -> Path:
    """Return the path of a problem's certificate; the exported module is next to it."""
    return place() / f"{slug.replace('/', '_')}.json"


def names() -> dict[str, str]:
    """Return the IDs of the problems for which a heuristic ships by its name in Python: the last part of the ID, if unambiguous."""
    slugs = [slug for slug in catalog.slugs() if path_of(slug).is_file()]
    times = Counter(slug.partition("/")[2] for slug in slugs)
    return {name if times[name] == 1 else f"{name}_of_{domain}": f"{domain}/{name}"
            for domain, _, name in (slug.partition("/") for slug in slugs)}  # fmt: skip


def near(name: str) -> str:
    """Return a line that says what ships under names like this one."""
    known = names()
    words = {**{slug: short for short, slug in known.items()}, **{short: short for short in known}}
    found = list(dict.fromkeys(words[word] for word in difflib.get_close_matches(name, list(words), n=3, cutoff=0.5)))
    hint = f"did you mean {' or '.join(found)}?" if found else f"there are: {', '.join(known)}"
    return f"no heuristic ships under the name {name!r}; {hint}"


def named(name: str) -> str:
    """Return the problem ID of the heuristic that ships under a name or ID.

    Raises
    ------
    UsageError
        There is none; the message suggests similar names.
    """
    known = names()
    if name in known or name in known.values():
        return known.get(name, name)
    raise UsageError(near(name))


def exhibit(slug: str) -> Exhibit | None:
    """Return the shipped certificate of a problem, or None.

    Raises
    ------
    ProblemError
        The file exists but is not a valid certificate.
    """
    path = path_of(slug)
    try:
        raw = json.loads(path.read_text("utf-8-sig"))
        if raw["format"] != FORMAT or raw["problem"] != slug:
            raise ValueError(f"format {raw['format']}, problem {raw['problem']}")
        return Exhibit(
            raw["problem"], raw["version"], raw["made"], Found.from_json(raw["run"]), raw["seconds"], raw["source"],
            Certificate.from_json(raw["certificate"]), path.with_suffix(".py"),
        )  # fmt: skip
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProblemError(f"{path} is not a valid certificate ({error}); recreate it with: {MAKE} {slug}") from error


def ranked() -> tuple[Exhibit, ...]:
    """Return all that ships: the certified first, the largest lead over the best baseline first.

    Raises
    ------
    ProblemError
        A certificate is not valid.
    """
    found = [one for slug in names().values() if (one := exhibit(slug)) is not None]

    def place_of(one: Exhibit) -> tuple[bool, float]:
        behind = math.inf if one.gap is None or one.best_human is None else one.gap - one.best_human
        return one.verdict is not Verdict.CERTIFIED, behind

    return tuple(sorted(found, key=place_of))
