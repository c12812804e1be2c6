"""A recorded run as a script: which attempts to make again, and what was answered to each."""

from __future__ import annotations

from collections.abc import Callable

from workbench.errors import UsageError
from workbench.loop.attempt import Upcoming
from workbench.model import Reply
from workbench.store import Store


def recorded_replies(store: Store, run: str, most: int) -> tuple[list[Upcoming], Callable[[int], Reply]]:
    """Plan and answers of a run, its seeds left out, at most `most` attempts.

    Answers come in the order in which they were read, since a duplicate is judged by what was read before it.
    """
    rows = sorted((a for a in store.attempts(run) if a.operator != "seed"), key=lambda a: a.turn)[:most]
    if not rows:
        raise UsageError(f"run {run} has no attempts to replay")
    calls = {made.number: made for made in store.calls(run)}

    def lookup(number: int) -> Reply:
        if number in calls:
            made = calls[number]
            return Reply(made.operator, made.call.text, call=made.call)
        candidate = store.candidate(run, number)
        return Reply(candidate.operator, candidate.message, candidate.program, None, candidate.parents)

    return [Upcoming(a.number, a.origin) for a in rows], lookup
