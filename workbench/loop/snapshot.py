"""State of a run for display, and the protocol of displays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate and its gap on a split."""

    number: int
    gap: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State of a run at one moment.

    Attributes
    ----------
    run, title, problem
        ID of the run, and title and ID of its problem.
    proposer, uses_model
        Label of the proposer, and whether it calls a language model.
    done, total, valid
        Attempts recorded, allowed by the budget, and recorded with status ok; initial programs are not counted.
    best
        The best candidate on train; None without one.
    champion
        The best candidate on validation so far.
    baseline
        Name and validation gap of the best baseline.
    rate
        Attempts per second since the run was started or resumed.
    seconds
        Running time, over all resumptions.
    cost_usd
        Dollars spent; None if the price of any call is unknown.
    estimated
        Number of calls whose tokens are estimates.
    evaluators
        What evaluates, after a comma, where that is not processes of this machine.
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
    state: Literal["running", "paused", "stopping", "choosing"]
    estimated: int = 0
    problem: str = ""
    evaluators: str = ""


class Display(Protocol):
    """Shows the progress of a run."""

    def show(self, snapshot: Snapshot) -> None:
        """Show the current state; called several times a second."""

    def line(self, text: str) -> None:
        """Show a message."""
