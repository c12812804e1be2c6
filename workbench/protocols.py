"""Extension points: the interfaces of verifiers, sandboxes, proposers and strategies."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from workbench.model import Brief, Candidate, Limits, Policy, Program, Reply, Selection, Task, Usage, Verifier

__all__ = ["Policy", "Proposer", "Relation", "Sandbox", "SecondObjective", "Session", "Strategy", "Verifier"]


@dataclass(frozen=True, slots=True)
class Relation:
    """Another form of an instance in which nothing that matters is different, such as jobs listed in another order.

    Attributes
    ----------
    name
        Short, in plain words, for certificates: "jobs in another order".
    transform
        Makes the other form from an instance's data, without changing that; random choices come from the generator.
    factor
        By what the objective of the same decisions is multiplied; None where decisions cannot be carried over one by one.
    decides
        Whether a program that loses its lead in the other form gets no certificate. Only for forms that a program without
        knowledge of the instances cannot tell from the original; a rule may well depend on the unit of time, for example.
    """

    name: str
    transform: Callable[[Mapping[str, Any], random.Random], dict[str, Any]]
    factor: float | None = 1.0
    decides: bool = True


@dataclass(frozen=True, slots=True)
class SecondObjective:
    """What matters besides the gap: a metric of the verifier, such as fairness; a `second.py` names it `SECOND`.

    It changes no score and no verdict. Attempts are shown by it, and a run can prefer what is best by it among programs within
    noise of the best gap.

    Attributes
    ----------
    metric
        Name of the metric in `Measurement.metrics`; a program has its mean over the instances of a split.
    title
        What it is, with its unit: "longest wait, s".
    sense
        Whether less or more of it is better.
    """

    metric: str
    title: str
    sense: Literal["min", "max"] = "min"


class Sandbox(Protocol):
    """Runs untrusted programs in isolated processes."""

    isolation: str
    """Isolation level: `full`, `seccomp-only` or `none`. Printed, stored with the run and shown in the dashboard."""

    def open(self, program: Program, limits: Limits) -> AbstractContextManager[Session]:
        """Load `program` into a new process, which is killed on exit from the context.

        Raises
        ------
        PolicyFailure
            The program cannot be loaded (syntax, import, time, memory).
        SandboxError
            The sandbox itself fails.
        """

    def close(self) -> None:
        """End every process that this sandbox started."""


class Session(Policy, Protocol):
    """A program loaded in a sandbox. The verifier sees it as a `Policy`."""

    def next_instance(self) -> None:
        """Reset the time and reply limits for the next instance."""

    @property
    def seconds(self) -> float:
        """The program's own time since `next_instance`, in seconds on the host's clock."""

    @property
    def cpu_seconds(self) -> float | None:
        """CPU time of the program's process so far, in seconds; None if it has ended or the system does not tell."""

    def usage(self, *, restart_peak: bool = False) -> Usage | None:
        """Resources used so far; None if the process has ended or the system does not report them.

        `restart_peak` resets the peak to the current resident size, if the system permits it; the two are then equal.
        """

    def printed(self) -> str:
        """Return the end of what the program has printed, at most 2 kB of valid text; also after its end."""


class Proposer(Protocol):
    """Answers a request with a program, or with text that contains one. Called from several threads.

    Its options are the constructor's keywords, as for a strategy; `begin` provides the problem.
    """

    label: str
    """Name shown to users; nothing depends on it."""
    concurrency: int
    """Maximum number of concurrent `propose` calls."""
    repairs: bool
    """Whether a failed attempt is sent back once for repair; no effect if `ordered`."""
    uses_model: bool
    """Whether it calls a language model."""
    ordered: bool
    """Whether attempts are requested one at a time in a fixed order; a seed then gives the same run with any number of workers."""

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Prepare for a run; called once, before the first `propose`.

        Parameters
        ----------
        brief
            Everything the proposer may know about the problem.
        known
            Returns whether the run already has a program. Fast and thread-safe.
        """

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Answer one request. A failed model call is reported in `Reply.call.error`, not raised."""

    def close(self) -> None:
        """Release processes and connections."""


class Strategy(Protocol):
    """Chooses which candidate to improve next, given the history. `ask` must not change the result of a later `ask`.

    Options are the constructor's keywords (`--opt islands=4`). Memory use must stay bounded however long the run is.
    """

    def ask(self, rng: random.Random) -> Selection:
        """Choose a parent and inspirations. At least one `ok` candidate has been passed to `tell` before."""

    def tell(self, candidate: Candidate) -> None:
        """Record an attempt, failures included. Called in the order of recording, initial programs first."""
