"""Attempts: where they came from, those under way, and the answers that were paid for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workbench.model import Call, Failure, Program, Reply, Selection


@dataclass(frozen=True, slots=True)
class Origin:
    """What an attempt was asked to start from: its parents, the main one first, and the failed attempt that it repairs."""

    parents: tuple[int, ...]
    island: int | None
    repairs: int | None

    @property
    def needs(self) -> tuple[int, ...]:
        """Attempts that must be recorded before this one can be made again."""
        return self.parents if self.repairs is None else (*self.parents, self.repairs)

    def to_json(self) -> dict[str, Any]:
        """As it is stored with a model call."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Origin:
        """From what `to_json` made."""
        return cls(tuple(raw["parents"]), raw["island"], raw["repairs"])


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The attempt to make next; `origin` is set for one that was made before and is made again in the same way."""

    number: int
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """A model's answer that was paid for, but whose attempt was not recorded when the run was killed."""

    number: int
    origin: Origin
    operator: str
    call: Call


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

    @property
    def origin(self) -> Origin:
        """What it starts from, to be stored with a model call so that the answer can be used after a crash."""
        parents = (self.selection.parent.number,) if self.selection else ()
        return Origin(parents, self.selection.island if self.selection else None, self.failure.number if self.failure else None)
