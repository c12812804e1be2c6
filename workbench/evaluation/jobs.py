"""What is asked of an executor and answered: jobs, reports and faults."""

from __future__ import annotations

from concurrent.futures import Future
from typing import NamedTuple, Protocol

from workbench.errors import WorkbenchError
from workbench.model import Program, Report, Split


class VerifierError(WorkbenchError):
    """The evaluation failed for a reason that is not the candidate's; the text says which."""


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


class Executor(Protocol):
    """Where evaluations run."""

    isolation: str
    """Of the candidates: `full`, `seccomp-only` or `none`."""

    def submit(self, job: Job) -> Future[Report]:
        """Queue a job. The future fails with `VerifierError` or `SandboxError` when it is not the candidate's doing."""

    def close(self) -> None:
        """Finish what is being evaluated, cancel what is queued, end all processes."""
