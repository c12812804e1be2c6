"""The plug-in points: what a verifier, a sandbox, a proposer and a strategy must offer."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from workbench.model import Brief, Candidate, Limits, Policy, Program, Reply, Selection, Task, Usage, Verifier

__all__ = ["Policy", "Proposer", "Sandbox", "Session", "Strategy", "Verifier"]


class Sandbox(Protocol):
    """Runs programs where they can do no harm."""

    isolation: str
    """`full`, `seccomp-only` or `none`: printed, stored with the run and shown in the UI."""

    def open(self, program: Program, limits: Limits) -> AbstractContextManager[Session]:
        """Load `program` into a fresh process, killed when the block ends.

        Raises
        ------
        PolicyFailure
            When the program cannot be loaded (syntax, import, time, memory).
        SandboxError
            When the sandbox itself cannot work.
        """

    def close(self) -> None:
        """End every process this sandbox began."""


class Session(Policy, Protocol):
    """A loaded program. The verifier sees it as a `Policy`."""

    def next_instance(self) -> None:
        """Start the time and byte allowance anew for the next instance."""

    @property
    def seconds(self) -> float:
        """The program's own time since `next_instance`."""

    def usage(self) -> Usage | None:
        """What its process has used so far; None where the system does not tell, or the process is gone."""


class Proposer(Protocol):
    """Answers a request with a program, or with text to make one from. Called from several threads.

    It is made from its options alone (constructor keywords, as a strategy's are); `begin` tells it the problem.
    """

    label: str
    """How a run shows it, for people alone: nothing depends on it."""
    concurrency: int
    """How many `propose` calls may be under way at once."""
    repairs: bool
    """Whether a failed attempt is worth sending back once."""
    uses_model: bool
    """Whether its attempts cost calls to a language model."""
    ordered: bool
    """Whether attempts are asked for in a fixed order, so that a seed gives the same run on any number of workers."""

    def begin(self, brief: Brief, known: Callable[[Program], bool]) -> None:
        """Get ready for a run; called once, before the first `propose`.

        Parameters
        ----------
        brief
            All it may know of the problem.
        known
            Whether the run has had a program already. Quick, and safe to call from any thread.
        """

    def propose(self, task: Task, rng: random.Random) -> Reply:
        """Answer one request. Every failure to reach a model is told in `Reply.call.error`, not raised."""

    def close(self) -> None:
        """Let go of processes and connections."""


class Strategy(Protocol):
    """Decides what to ask next. A function of its history: `ask` changes nothing that a later `ask` can see.

    Options are the constructor's keywords (`--opt islands=4`). Memory must not grow with the run beyond a cap.
    """

    def ask(self, rng: random.Random) -> Selection:
        """Choose a parent and inspirations; at least one `ok` candidate was told before."""

    def tell(self, candidate: Candidate) -> None:
        """Learn of an attempt, seeds first, failures included, in the order they were recorded."""
