"""What a loop keeps of the attempts under way, of those to come, and of what a person asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.model import Failure, Program, Reply, Selection


@dataclass(frozen=True, slots=True)
class Planned:
    """An attempt of an earlier run, to be replayed: where it came from."""

    number: int
    parents: tuple[int, ...]
    island: int | None
    repairs: int | None


@dataclass(slots=True)
class Flight:
    """An attempt under way."""

    number: int
    selection: Selection | None = None
    failure: Failure | None = None
    proposing: bool = False
    reply: Reply | None = None
    turn: int = 0
    program: Program | None = None
    fingerprint: str | None = None

    def task(self) -> dict[str, Any]:
        """What is stored with a model call, so that its answer can be used after a crash."""
        parents = [self.selection.parent.number] if self.selection else []
        island = self.selection.island if self.selection else None
        return {"parents": parents, "island": island, "repairs": self.failure.number if self.failure else None}


@dataclass(slots=True)
class Steering:
    """What a person asked of the run while it went on."""

    paused: bool = False
    halt: str = ""  # why nothing new begins; empty: go on
    status: str = "done"  # how the run will have ended
    guidance: list[tuple[str, int]] = field(default_factory=list)  # text, last attempt that it is for
