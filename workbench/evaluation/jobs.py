"""What passes between the pool and its workers."""

from __future__ import annotations

from typing import NamedTuple

from workbench.model import Program, Split


class Job(NamedTuple):
    """One evaluation. `ids` limits it to some instances, in this order.

    With `gate`, the seed of a sample, it is made on that sample of the stress families instead of a split: its gaps are
    then bare objectives.
    """

    program: Program
    split: Split
    ids: tuple[str, ...] | None = None
    fresh: bool = False
    stop_on_failure: bool = False
    gate: int | None = None


class Ready(NamedTuple):
    """A worker's first word."""

    isolation: str
    version: str
    """Of the problem, as the worker has loaded it."""


class Fault(NamedTuple):
    """The worker's own failure, not the candidate's. `fatal` means that the next job would fare no better."""

    message: str
    fatal: bool
