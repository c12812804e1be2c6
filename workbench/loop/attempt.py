"""Upcoming attempts and attempts in progress."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.model import Failure, Program, Reply, Selection
from workbench.store import Origin


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
    proposing: bool = False
    reply: Reply | None = None
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
        return Origin(parents, self.selection.island if self.selection else None, self.failure.number if self.failure else None)
