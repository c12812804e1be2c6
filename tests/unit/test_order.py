"""The three orders of attempts, without a run around them; and what a display says of a run."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from workbench.loop.attempt import Upcoming
from workbench.loop.display import Progress, figures
from workbench.loop.known import Known
from workbench.loop.order import LAG, Free, InOrder, Order, Replayed
from workbench.loop.snapshot import Scored, Snapshot
from workbench.model import Candidate, Status
from workbench.store import Origin


def candidate(number: int) -> Candidate:
    return Candidate(number, Status.OK, None, "seed" if number == 0 else "edit")


def started(order: Order) -> Order:
    """With its one starting program recorded and reported."""
    order.record(candidate(0))
    assert [c.number for c in order.due()] == [0]
    return order


def handed_out(order: Order) -> list[int]:
    numbers = []
    while upcoming := order.next():
        numbers.append(upcoming.number)
    return numbers


def test_free_reports_what_is_recorded_first() -> None:
    order = started(Free(1, 6, width=4, concurrency=2))
    order.take(2)  # an answer that was paid for
    assert handed_out(order) == [1, 3, 4, 5] and order.cursor == 6
    for number in (4, 1):
        order.record(candidate(number))
    assert [c.number for c in order.due()] == [4, 1] and list(order.due()) == []
    assert order.has((1, 4)) and not order.has((1, 5))


def test_in_order_never_asks_ahead_of_what_has_been_reported() -> None:
    order = started(InOrder(1, 100))
    assert handed_out(order) == list(range(1, LAG + 1))
    for number in range(LAG, 1, -1):  # all but the first are answered
        order.record(candidate(number))
    assert list(order.due()) == [] and order.next() is None
    order.record(candidate(1))
    assert [c.number for c in order.due()] == [1], "the others belong to later attempts"
    assert handed_out(order) == [LAG + 1]
    assert [c.number for c in order.due()] == [2] and handed_out(order) == [LAG + 2]
    assert [c.number for c in order.due(last=True)] == list(range(3, LAG + 1)), "up to the first that is under way"


def test_in_order_resumed_makes_what_is_missing_as_it_would_have_been_made() -> None:
    order, known = started(InOrder(1, 100)), Known()
    for number in (1, 2, 4, 5):
        order.record(candidate(number))
        known.add(f"program of {number}", number)
    list(order.due())
    upcoming = order.next()
    known.horizon = order.horizon
    assert upcoming == Upcoming(3)
    assert known.first("program of 2") == 2 and known.first("program of 4") is None
    assert order.next() == Upcoming(6)


def test_a_replay_waits_for_the_parents_and_keeps_the_order_of_the_answers() -> None:
    order = started(Replayed(1, [Upcoming(2, Origin((0,))), Upcoming(1, Origin((2,), 1))], width=4))
    assert handed_out(order) == [2]
    order.record(candidate(2))
    assert handed_out(order) == [1] and not order.takes_more
    order.record(candidate(1))
    assert [c.number for c in order.due()] == [2, 1] and order.next() is None


SNAPSHOT = Snapshot(
    "toy-1", "Toy", "gpt-5", True, "full", done=10, total=40, valid=9, best=Scored(7, 0.25), champion=None,
    baseline=("square", 0.1), rate=0.5, seconds=20.0, cost_usd=None, tokens=1234, state="running",
)  # fmt: skip


def test_a_display_says_what_is_known_and_no_more() -> None:
    shown = dict(figures(SNAPSHOT))
    assert shown["attempts"] == "10/40" and "no. 7" in shown["train gap"] and shown["validation gap"] == "–"
    assert shown["cost"] == "unknown" and shown["rate"] == "30.0/min" and "state" not in shown
    assert shown["tokens"] == "1,234" and dict(figures(replace(SNAPSHOT, estimated=1)))["tokens"] == "about 1,234"
    free = dict(figures(replace(SNAPSHOT, uses_model=False, state="paused")))
    assert "cost" not in free and "tokens" not in free and free["state"] == "paused"


def test_plain_lines_and_a_live_table_are_made_of_the_same_snapshot() -> None:
    plain, live = io.StringIO(), io.StringIO()
    with Progress(Console(file=plain, width=300)).running() as display:
        display.show(SNAPSHOT)
        display.show(SNAPSHOT)  # within ten seconds: no second line
    with Progress(Console(file=live, width=300, force_terminal=True)).running() as display:
        display.show(SNAPSHOT)
    assert plain.getvalue().count("best baseline") == 1 and "square" in plain.getvalue()
    assert "Toy" in live.getvalue() and "square" in live.getvalue()
