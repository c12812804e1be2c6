"""The certificates that ship: for each problem the best heuristic found so far, with its verdict, whatever that is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from workbench.certificate import Certificate, Verdict
from workbench.errors import ProblemError
from workbench.formatting import percent
from workbench.model import Split
from workbench.problem import catalog

FORMAT = 1
MAKE = "python -m tests.certificates"
"""The command that makes them anew."""


@dataclass(frozen=True, slots=True)
class Found:
    """How a heuristic was found.

    Attributes
    ----------
    proposer
        Who proposed it, as people read it.
    attempts
        Attempts of the run; 0: a person wrote it.
    seed
        Of the run's randomness; None without a run.
    starts
        Names of the programs that the run started from.
    champion
        Number of the attempt.
    """

    proposer: str
    attempts: int
    seed: int | None
    starts: tuple[str, ...]
    champion: int

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "proposer": self.proposer, "attempts": self.attempts, "seed": self.seed, "from": list(self.starts),
            "champion": self.champion,
        }  # fmt: skip

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """From what `to_json` made."""
        return cls(raw["proposer"], raw["attempts"], raw["seed"], tuple(raw["from"]), raw["champion"])


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A heuristic that ships with its certificate.

    Attributes
    ----------
    problem, version
        Slug, and the version of the problem that the certificate is for.
    made
        ISO date.
    found
        How it was found.
    seconds
        What an evaluation of the problem's decent starting program on train takes.
    source
        The program as the search left it; `module` is the same one exported.
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
    def verdict(self) -> Verdict:
        """`certified`, `not better`, `overfit` or `fragile`."""
        return self.certificate.verdict

    def stale(self, version: str) -> str:
        """What is to be done where the problem has another version by now; empty where it has not."""
        if version == self.version:
            return ""
        then = f"the certificate is of version {self.version} and {self.problem} has {version} now"
        return f"{then}; make it anew: {MAKE} {self.problem}"

    def line(self, version: str) -> str:
        """Verdict, gaps and reason in one line."""
        gaps = ", ".join(f"{split} {percent(self.certificate.gaps[split])}" for split in (Split.VALIDATION, Split.TEST))
        return "; ".join(filter(None, (f"{self.verdict} ({gaps}): {self.certificate.reason}", self.stale(version))))


def place() -> Path:
    """The folder of the certificates."""
    return catalog.root() / "runs" / "gallery" / "certified"


def path_of(slug: str) -> Path:
    """The file of a problem's certificate; the exported module lies beside it."""
    return place() / f"{slug.replace('/', '_')}.json"


def exhibit(slug: str) -> Exhibit | None:
    """The certificate that ships for a problem, None where there is none.

    Raises
    ------
    ProblemError
        The file is there, but is none of ours.
    """
    path = path_of(slug)
    try:
        raw = json.loads(path.read_text())
        if raw["format"] != FORMAT or raw["problem"] != slug:
            raise ValueError(f"it is of format {raw['format']} and for {raw['problem']}")
        return Exhibit(
            raw["problem"], raw["version"], raw["made"], Found.from_json(raw["run"]), raw["seconds"], raw["source"],
            Certificate.from_json(raw["certificate"]), path.with_suffix(".py"),
        )  # fmt: skip
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProblemError(f"{path} is no certificate ({error}); make it anew: {MAKE} {slug}") from error
