"""Holds a run up while its model calls fail, so that its attempts are not spent on calls that cannot succeed."""

from __future__ import annotations

import re
import time

from workbench.model import Candidate, Status

SAME = 5
"""So many calls in a row that fail in the same way hold a run up."""
IN_A_ROW = 20
"""So many failed calls in a row, in whatever ways, end a run: the endpoint is down, the budget is worth keeping."""
WAITS = (30.0, 60.0, 120.0, 240.0)
"""Seconds until one call is tried again, each time; after the last a run ends."""

_CHANGING = re.compile(r"\S*\d\S*")  # identifiers and numbers, which differ from one request to the next


class Breaker:
    """Counts failed calls in a row.

    Attributes
    ----------
    reason
        The failure that holds the run up; empty while it does not.
    fatal
        Why the run has to end; empty while it has not.
    """

    def __init__(self) -> None:
        self.reason = self.fatal = ""
        self._kind = self._last = ""
        self._answered = self._failed = 0  # attempts of the whole run
        self._tried = False  # whether a call has failed since the run was started or resumed
        self._same = self._any = self._waits = 0
        self._until = 0.0
        self._trial: int | None = None

    @property
    def holds(self) -> bool:
        """Whether no call may be made now."""
        return bool(self.reason) and (self._trial is not None or time.monotonic() < self._until)

    def count(self, candidate: Candidate) -> None:
        """Note a recorded attempt, after `failed` or `succeeded` if it called a model."""
        if candidate.number == self._trial:  # ended without a call: another one is to be tried
            self._trial = None
        if candidate.status is Status.LLM_ERROR:
            self._failed, self._last = self._failed + 1, candidate.message
        elif candidate.operator not in ("tune", "inject"):
            self._answered += 1

    def never_answered(self) -> str:
        """Return, if no call of the run has succeeded, what a run fails with; an empty string otherwise."""
        vain = self._tried and self._failed and not self._answered
        return f"all {self._failed} model calls failed, the last with: {self._last}" if vain else ""

    def begins(self, number: int) -> None:
        """Note that the attempt of this number calls a model: after a wait, one alone is tried."""
        if self.reason:
            self._trial = number

    def succeeded(self) -> bool:
        """Note an answered call; whether it ends a hold-up."""
        held = bool(self.reason)
        self.reset()
        return held

    def reset(self) -> None:
        """Forget all failures: a person says that it can go on."""
        self.reason = self._kind = ""
        self._same = self._any = self._waits = 0
        self._trial = None

    def failed(self, number: int, error: str) -> str:
        """Note a failed call; return why the run is held up from now on (or once more), an empty string if it is not."""
        self._tried = True
        if self.reason and number != self._trial:
            return ""  # was under way when the others failed
        self._any += 1
        kind = _CHANGING.sub("#", error)
        self._same = self._same + 1 if kind == self._kind else 1
        self._kind = kind
        if self._any >= IN_A_ROW or (self.reason and self._waits == len(WAITS)):
            self.fatal = f"{self._any} model calls in a row failed, the last with: {error}"
            return ""
        if not self.reason and self._same < SAME:
            return ""
        self.reason, self._trial = error, None
        wait = WAITS[self._waits]
        self._until = time.monotonic() + wait
        self._waits += 1
        return f"paused, since model calls keep failing: {error}; one is tried again in {wait:.0f} s"
