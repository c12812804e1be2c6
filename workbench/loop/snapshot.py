"""What a display is shown of a run, and what a display must offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate and its mean gap on a split."""

    number: int
    gap: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at one moment.

    Attributes
    ----------
    run, title
        The run's id and the problem's title.
    proposer, uses_model
        The proposer's label, and whether its attempts cost model calls.
    done, total, valid
        Attempts recorded, allowed by the budget, and recorded with the status ok. The starting programs are not counted.
    best
        The best candidate on train, None before there is one.
    champion
        The best candidate on validation so far.
    baseline
        Name and mean validation gap of the best baseline.
    rate
        Attempts a second since the run began or was resumed.
    seconds
        Working time, that before it was resumed included.
    cost_usd
        Dollars spent; None once a call's price is unknown.
    """

    run: str
    title: str
    proposer: str
    uses_model: bool
    isolation: str
    done: int
    total: int
    valid: int
    best: Scored | None
    champion: Scored | None
    baseline: tuple[str, float] | None
    rate: float
    seconds: float
    cost_usd: float | None
    tokens: int
    state: Literal["running", "paused", "stopping"]


class Display(Protocol):
    """Shows a run while it works."""

    def show(self, snapshot: Snapshot) -> None:
        """Called several times a second."""

    def line(self, text: str) -> None:
        """Something happened that is worth a line."""
