"""Messages between a run and its executor: jobs, reports and faults."""

from __future__ import annotations

from concurrent.futures import Future
from typing import NamedTuple, Protocol

from workbench.errors import ProblemFault
from workbench.evaluation.places import Place
from workbench.model import Instance, Program, Report, Split
from workbench.problem.catalog import LoadedProblem
from workbench.problem.extras import Draw


class VerifierError(ProblemFault):
    """The evaluation failed for a reason other than the candidate, given in the message."""


class Job(NamedTuple):
    """One evaluation; `ids` restricts it to some instances, in this order.

    With `rival`, the gaps of another program on the whole split, it ends as soon as the program is clearly worse; with `stop_equal`
    also once it is no different (not for models, which may be asked for the same decisions from less code, or in less time). With
    `draw`, it uses instances outside the splits instead. Gaps are then the objectives themselves. With `place` it runs in other
    surroundings; with `record` each result holds the program's decisions.
    """

    program: Program
    split: Split
    ids: tuple[str, ...] | None = None
    fresh: bool = False
    stop_on_failure: bool = False
    rival: tuple[float, ...] | None = None
    stop_equal: bool = False
    draw: Draw | None = None
    place: Place | None = None
    record: bool = False


def instances_of(job: Job, loaded: LoadedProblem) -> list[Instance]:
    """The instances of a job, in its order."""
    known = loaded.instances(job.split) if job.draw is None else loaded.drawn(job.draw)
    if job.ids is None:
        return list(known)
    by_id = {i.id: i for i in known}
    return [by_id[id] for id in job.ids]


def limit_of(job: Job, loaded: LoadedProblem) -> float:
    """Return the time after which a worker that runs a job counts as stuck, in seconds.

    It is longer than the verifier's limit for one instance, so that a verifier that hangs is named by its worker; only one
    that hangs outside Python reaches this limit.
    """
    limits = loaded.problem.limits
    return 60.0 + limits.verifier_seconds + 4.0 * limits.seconds * len(instances_of(job, loaded))


class Ready(NamedTuple):
    """First message of a worker."""

    isolation: str
    version: str
    """Version of the problem as loaded by the worker."""


class Fault(NamedTuple):
    """A failure of the worker, not of the candidate. `fatal` means that further jobs would fail too."""

    message: str
    fatal: bool


class Executor(Protocol):
    """Runs evaluations. It is made from the problem and the number of workers, with `allow_unsafe` and `isolation` by keyword.

    Its own options are further keywords. `workbench.testing.ExecutorContract` tests what is promised here.
    """

    isolation: str
    """Isolation level of candidates: `full`, `seccomp-only` or `none`; where workers differ, the worst of them."""
    workers: int
    """How many evaluations run at the same time."""

    def submit(self, job: Job) -> Future[Report]:
        """Queue a job. The future raises `VerifierError` or `SandboxError` for failures not caused by the candidate."""

    def news(self) -> list[str]:
        """Return what has happened to workers since the last call, a line each, that whoever watches a run should know."""

    def close(self) -> None:
        """Finish current jobs, cancel queued ones, and end all processes."""
