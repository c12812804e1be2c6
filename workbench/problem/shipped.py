"""The certificates that ship: for each problem the best heuristic found so far, with its verdict, whatever that is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import ProblemError
from workbench.formatting import percent
from workbench.problem import catalog

FORMAT = 1
MAKE = "python -m tests.certificates"
"""The command that makes them anew."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A heuristic that ships with its certificate.

    Attributes
    ----------
    problem, version
        Slug, and the version of the problem that the certificate is for.
    made
        ISO date.
    run
        How it was found: proposer, attempts (0: a person wrote it), seed, starting programs, number of the champion.
    seconds
        What an evaluation of the problem's decent starting program on train takes.
    source
        The program as the search left it; `module` is the same one exported.
    certificate
        The evidence, as `evolve certify --json` prints it.
    """

    problem: str
    version: str
    made: str
    run: Mapping[str, Any]
    seconds: float
    source: str
    certificate: Mapping[str, Any]
    module: Path

    @property
    def verdict(self) -> str:
        """`certified`, `not better`, `overfit` or `fragile`."""
        return str(self.certificate["verdict"])

    def stale(self, version: str) -> str:
        """What is to be done where the problem has another version by now; empty where it has not."""
        if version == self.version:
            return ""
        then = f"the certificate is of version {self.version} and {self.problem} has {version} now"
        return f"{then}; make it anew: {MAKE} {self.problem}"

    def line(self, version: str) -> str:
        """Verdict, gaps and reason in one line."""
        gaps = ", ".join(f"{split} {percent(self.certificate['gaps'][split])}" for split in ("validation", "test"))
        return "; ".join(filter(None, (f"{self.verdict} ({gaps}): {self.certificate['reason']}", self.stale(version))))


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
        names = ("problem", "version", "made", "run", "seconds", "source", "certificate")
        return Exhibit(**{name: raw[name] for name in names}, module=path.with_suffix(".py"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProblemError(f"{path} is no certificate ({error}); make it anew: {MAKE} {slug}") from error
