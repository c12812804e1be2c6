"""Replay of a recorded run: the attempts to repeat and their recorded answers."""

from __future__ import annotations

from collections.abc import Callable

from workbench.errors import UsageError
from workbench.loop.attempt import Upcoming
from workbench.model import Reply
from workbench.store import Store


def recorded_replies(store: Store, run: str, most: int) -> tuple[list[Upcoming], Callable[[int], Reply]]:
    """Return plan and answers of a run for at most `most` attempts, without initial programs.

    Attempts keep the order in which answers were processed, because that decides which of two equal programs is the duplicate.
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
