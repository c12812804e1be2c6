"""Where programs of one evaluation worker run: its sandbox, and others that show them other surroundings."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import NamedTuple

from workbench.model import Limits, Program, Surroundings
from workbench.protocols import Sandbox, Session


class Place(NamedTuple):
    """What a program sees of where it runs, and how many times the usual memory it may use."""

    surroundings: Surroundings
    memory: int = 1


class Places:
    """A sandbox, and further ones that are opened when a place first asks for them.

    Parameters
    ----------
    sandbox
        The usual one; it stays open.
    opened
        Opens another one.
    """

    def __init__(self, sandbox: Sandbox, opened: Callable[[Surroundings], Sandbox]) -> None:
        self._usual, self._opened = sandbox, opened
        self._others: dict[Surroundings, Sandbox] = {}
        self.isolation = sandbox.isolation

    def sandbox(self, place: Place | None) -> Sandbox:
        """Return the sandbox of a place; None: the usual one."""
        if place is None:
            return self._usual
        if place.surroundings not in self._others:
            self._others[place.surroundings] = self._opened(place.surroundings)
        return Roomier(self._others[place.surroundings], place.memory)

    def close(self) -> None:
        """Close the further sandboxes."""
        with contextlib.ExitStack() as stack:
            for sandbox in self._others.values():
                stack.callback(sandbox.close)
        self._others.clear()


class Roomier:
    """A sandbox in which programs may use so many times the usual memory."""

    def __init__(self, sandbox: Sandbox, memory: int) -> None:
        self._sandbox, self._memory = sandbox, memory
        self.isolation = sandbox.isolation

    def open(self, program: Program, limits: Limits) -> AbstractContextManager[Session]:
        """As the sandbox, with another limit."""
        return self._sandbox.open(program, replace(limits, memory_mb=limits.memory_mb * self._memory))

    def close(self) -> None:
        """Close the sandbox."""
        self._sandbox.close()
