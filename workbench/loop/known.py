"""Programs that a run has seen, so that no duplicate is evaluated."""

from __future__ import annotations

import math

from workbench.model import Program
from workbench.program.source import fingerprint


class Known:
    """The first attempt with each program, by fingerprint.

    As a function, which proposers are given, it says whether a program is known.

    Attributes
    ----------
    horizon
        Attempts from this number on are ignored. Finite for ordered proposers: attempts that a resumed run had recorded
        ahead of their turn must not affect earlier ones.
    """

    def __init__(self) -> None:
        self.horizon = math.inf
        self._first: dict[str, int] = {}

    def __call__(self, program: Program) -> bool:
        return self.first(fingerprint(program)) is not None

    def first(self, mark: str) -> int | None:
        """Return the first attempt with this fingerprint; None without one below the horizon."""
        number = self._first.get(mark)
        return number if number is not None and number < self.horizon else None

    def add(self, mark: str, number: int) -> None:
        """Record the program of an attempt; of duplicates, the lowest number is kept."""
        self._first[mark] = min(number, self._first.get(mark, number))
