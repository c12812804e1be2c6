"""The plug-in points: what a verifier, a sandbox, a proposer and a strategy must offer."""

from __future__ import annotations

import random
from contextlib import AbstractContextManager
from typing import Protocol

from workbench.model import Candidate, Limits, Policy, Program, Reply, Selection, Task, Usage, Verifier

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
    """Answers a request with a program, or with text to make one from. Called from several threads."""

    label: str
    """How the run shows it: "no LLM", or the models' names."""
    concurrency: int
    """How many `propose` calls may be under way at once."""
    repairs: bool
    """Whether a failed attempt is worth sending back once."""

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
