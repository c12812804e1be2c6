"""Upcoming attempts and attempts in progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.model import Candidate, Failure, Program, Reply, Report, Selection, Status
from workbench.problem.gap import effect_of, seconds_of
from workbench.program.idea import idea_of, shortened
from workbench.store import Origin
from workbench.values import IMPORT


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The next attempt; `origin` is set if it repeats a recorded attempt from the same parents."""

    number: int
    origin: Origin | None = None


@dataclass(slots=True)
class Flight:
    """An attempt in progress."""

    number: int
    selection: Selection | None = None
    failure: Failure | None = None
    maker: str = ""
    """Name of the proposer whose attempt it is; empty: none."""
    proposing: bool = False
    reply: Reply | None = None
    idea: str | None = None
    """The idea of its answer; None as long as there is none."""
    turn: int = 0
    program: Program | None = None
    fingerprint: str | None = None
    message: int | None = None
    """The control message that asked for it, which gets its result as the answer, as JSON or in words."""
    as_json: bool = False
    operator: str = "inject"
    """Kind of change that its ticket asks for."""
    same: int | None = None
    """The attempt whose program it repeats."""

    @property
    def origin(self) -> Origin:
        """What it starts from; stored with its model call, so that the answer can be used after a crash."""
        parents = (self.selection.parent.number,) if self.selection else ()
        island, repairs = self.selection.island if self.selection else None, self.failure.number if self.failure else None
        return Origin(parents, island, repairs, self.maker)

    @property
    def parent(self) -> Candidate | None:
        """The program to improve; None if none was chosen."""
        return self.selection.parent if self.selection else None

    def descends(self, reply: Reply, candidate: Callable[[int], Candidate]) -> None:
        """Take the main parent that an answer names, where that is not the one that was chosen."""
        if reply.operator == IMPORT:
            self.selection = None  # it was made elsewhere; its parents are recorded, and may still be evaluated
        elif reply.parents and (self.parent is None or self.parent.number != reply.parents[0]):
            self.selection = Selection(candidate(reply.parents[0]), (), self.origin.island)

    def rival(self, instances: int) -> tuple[float, ...] | None:
        """Gaps of the parent on so many instances, to race against; None for what somebody waits for, and for a tuned program."""
        tuned = self.reply is not None and self.reply.operator == "tune"
        if self.parent is None or self.message is not None or tuned or len(self.parent.instances) != instances:
            return None
        return self.parent.instances

    def candidate(self, status: Status, message: str, report: Report | None, families: Sequence[str]) -> Candidate:
        """Return the attempt as it is recorded.

        Parameters
        ----------
        report
            Of its evaluation on train, if there was one.
        families
            Instance class of each instance of train.
        """
        reply, origin = self.reply or Reply("inject"), self.origin
        operator = "repair" if self.failure else reply.operator
        parents, idea = reply.parents or origin.parents, told_idea(reply) if self.idea is None else self.idea
        printed = report.printed if report else ""
        if report is None or status is not Status.OK:
            return Candidate(
                self.number,
                status,
                self.program,
                operator,
                parents,
                origin.island,
                message=message,
                idea=idea,
                printed=printed,
                proposer=self.maker,
            )
        gaps, theirs = tuple(r.gap for r in report.results), self.parent.instances if self.parent else ()
        effect = effect_of(gaps, theirs, families) if len(theirs) == len(families) else None
        return Candidate(
            self.number, status, self.program, operator, parents, origin.island, report.gap, report.families, gaps, message, idea,
            seconds_of(report), effect, printed, self.maker,
        )  # fmt: skip


def told_idea(reply: Reply) -> str:
    """The idea of an answer in one line: what its author says, or else what its text says."""
    return shortened(reply.idea or idea_of(reply.text))
