"""Memory of a run: which earlier attempts a prompt shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

from workbench.model import Candidate, Status, Trial

_MOST_BEST = 12
_KEPT = 10_000
"""Maximum number of remembered attempts; the oldest are dropped, except the best."""
_REASON_CHARS, _NEWEST = 60, 200


class Memory:
    """Remembers the attempts of a run, and chooses those that help with the next one."""

    def __init__(self) -> None:
        self._trials: dict[int, Trial] = {}
        self._children: dict[int, list[int]] = defaultdict(list)
        self._best: list[tuple[float, int]] = []

    def tell(self, candidate: Candidate) -> None:
        """Record an attempt, failures included; a failed model call tried nothing."""
        if candidate.status is Status.LLM_ERROR:
            return
        parent = candidate.parents[0] if candidate.parents else None
        self._trials[candidate.number] = Trial(
            candidate.number, parent, candidate.operator, candidate.idea, candidate.status, candidate.gap, candidate.message,
            candidate.seconds, candidate.effect,
        )  # fmt: skip
        if parent is not None:
            self._children[parent].append(candidate.number)
        if candidate.status is Status.OK:
            self._best = sorted([*self._best, (candidate.gap, candidate.number)])[:_MOST_BEST]
        if len(self._trials) > _KEPT:
            self._forget()

    def _forget(self) -> None:
        """Forget the older half of all attempts, except the best."""
        best = {number for _, number in self._best}
        for number in list(self._trials)[: _KEPT // 2]:
            if number not in best:
                del self._trials[number]
        self._children = defaultdict(list)
        for trial in self._trials.values():
            if trial.parent is not None:
                self._children[trial.parent].append(trial.number)

    def newest(self, count: int) -> tuple[Trial, ...]:
        """Return the newest attempts, oldest first."""
        return tuple(list(self._trials.values())[-count:])

    def choose(self, parent: int, most: int = 16) -> tuple[Trial, ...]:
        """Return the attempts to show with a request to improve `parent`, by number.

        First the children of the parent, newest first; then the best of the run; then the newest others, one per reason of
        failure.
        """
        chosen: dict[int, Trial] = {}
        reasons = set[tuple[Status | None, str]]()

        def take(numbers: Iterable[int], room: int) -> None:
            for trial in (self._trials[n] for n in numbers if n not in chosen):
                reason = (trial.status, trial.message[:_REASON_CHARS])
                if trial.operator == "seed" or (trial.status is not Status.OK and reason in reasons):
                    continue
                if not room or len(chosen) == most:
                    return
                chosen[trial.number] = trial
                reasons.add(reason)
                room -= 1

        take(reversed(self._children.get(parent, [])), most // 2)
        take((number for _, number in self._best), most // 4)
        take(islice(reversed(self._trials), _NEWEST), most)
        return tuple(chosen[number] for number in sorted(chosen))
