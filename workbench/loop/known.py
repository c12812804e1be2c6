"""Programs that a run has had: a candidate that is the same again is not evaluated again."""

from __future__ import annotations

import math

from workbench.model import Program
from workbench.program.source import fingerprint


class Known:
    """The first attempt of every program, by fingerprint.

    Calling it says whether a program is known: that is what a proposer is handed.

    Attributes
    ----------
    horizon
        Attempts from this number on are not known yet. Finite where attempts are asked for in a fixed order: those that
        were recorded out of turn before the run was resumed must not change the ones before them.
    """

    def __init__(self) -> None:
        self.horizon = math.inf
        self._first: dict[str, int] = {}

    def __call__(self, program: Program) -> bool:
        return self.first(fingerprint(program)) is not None

    def first(self, mark: str) -> int | None:
        """The attempt that first had a program with this fingerprint; None where there is none below the horizon."""
        number = self._first.get(mark)
        return number if number is not None and number < self.horizon else None

    def add(self, mark: str, number: int) -> None:
        """Remember an attempt's program; the lowest number stands."""
        self._first[mark] = min(number, self._first.get(mark, number))
