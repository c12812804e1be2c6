"""What an engine is told of the programs of its run: the outcome of each attempt, by number and by text."""

from __future__ import annotations

import threading
from collections.abc import Callable

from workbench.engines.protocol import Outcome
from workbench.errors import Rejected
from workbench.model import Candidate, Status
from workbench.program.source import fingerprint, text_hash


class Book:
    """Outcomes of the attempts of a run. Thread-safe; holds no texts, so that it stays small.

    Parameters
    ----------
    score
        Score of a gap.
    """

    def __init__(self, score: Callable[[float], float]) -> None:
        self._score = score
        self._numbers: dict[str, int] = {}
        self._outcomes: dict[int, Outcome] = {}
        self._first: dict[str, int] = {}
        self._same: dict[int, str] = {}
        self._worst = 0.0
        self._changed = threading.Condition()
        self._closed = False

    def name(self, source: str, number: int) -> None:
        """Note the number of a text; the first one stays."""
        with self._changed:
            self._numbers.setdefault(text_hash(source), number)

    def number(self, source: str) -> int | None:
        """Return the number of a text; None if the run does not have it."""
        return self._numbers.get(text_hash(source))

    def add(self, candidate: Candidate) -> Outcome | None:
        """Note a recorded attempt; return its outcome, None if it repeats a program that is still being evaluated."""
        mark = _mark(candidate)
        with self._changed:
            if candidate.program:
                self._numbers.setdefault(text_hash(candidate.program.source), candidate.number)
            if candidate.status is Status.DUPLICATE and mark is not None:
                self._same[candidate.number] = mark
            else:
                self._outcomes[candidate.number] = self._of(candidate)
                if mark is not None:
                    self._first.setdefault(mark, candidate.number)
            self._changed.notify_all()
            return self._find(candidate.number)

    def wait(self, number: int) -> Outcome | None:
        """Wait for the outcome of an attempt; None if the run ends before."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._find(number) is not None)
            return self._find(number)

    def close(self) -> None:
        """End all waiting."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _find(self, number: int) -> Outcome | None:
        if number in self._same:
            first = self._first.get(self._same[number])
            return None if first is None else self._outcomes.get(first)
        return self._outcomes.get(number)

    def _of(self, candidate: Candidate) -> Outcome:
        if candidate.status is not Status.OK:
            message = f"{candidate.status}: {candidate.message}"
            return Outcome(candidate.number, False, self._worst, message=message, printed=candidate.printed)
        score = self._score(candidate.gap)
        self._worst = min(self._worst, score)
        scores = tuple(map(self._score, candidate.instances))
        return Outcome(candidate.number, True, score, candidate.gap, dict(candidate.families), scores, "", candidate.printed)


def _mark(candidate: Candidate) -> str | None:
    if candidate.program is None:
        return None
    try:
        return fingerprint(candidate.program)
    except Rejected:
        return None
