"""What passes between the pool and its workers."""

from __future__ import annotations

from typing import NamedTuple

from workbench.model import Program, Split


class Job(NamedTuple):
    """One evaluation. `ids` limits it to some instances, in this order."""

    program: Program
    split: Split
    ids: tuple[str, ...] | None = None
    fresh: bool = False
    stop_on_failure: bool = False


class Ready(NamedTuple):
    """A worker's first word."""

    isolation: str


class Fault(NamedTuple):
    """The worker's own failure, not the candidate's. `fatal` means that the next job would fare no better."""

    message: str
    fatal: bool
