"""Sessions: tickets are taken, answered, given back and expire; what is submitted is an attempt like any other."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import TOY
from tests.integration.silent import Silent
from workbench.api import agents
from workbench.errors import UsageError
from workbench.loop import driver, start
from workbench.loop.champion import Champion
from workbench.model import Split, Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.store import Reader, Store

GOOD = "def f(x, a):\n    return a * x + {}\n"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A session of five programs in a thread of this process: its ID and the runs folder."""
    options = RunOptions(proposer="agents", candidates=5, workers=1, tune_trials=0)
    thread = threading.Thread(target=start.begin, args=(catalog.load(TOY), options, tmp_path, Silent()))
    thread.start()
    run = ""
    while thread.is_alive() and not run:
        with contextlib.suppress(UsageError), Reader(tmp_path) as store:  # as long as there is none
            run = next((row.id for row in store.runs() if row.live), "")
        time.sleep(0.02)
    yield run, tmp_path
    with Store(tmp_path) as store:
        store.send(run, "stop")
    thread.join(timeout=60)
    assert not thread.is_alive(), "a session ends when it is told to, whatever tickets are out"


def test_a_ticket_is_answered_once_and_its_answer_is_an_attempt(session: tuple[str, Path]) -> None:
    run, runs = session
    ticket = agents.take_ticket(run, author="me", runs=runs)
    assert "def f(x: float" in ticket.prompt and ticket.parents[0].source and ticket.kind == "improve"
    found = agents.submit(run, GOOD.format(7), ticket=ticket.ticket, idea="a line", runs=runs)
    assert (found.candidate, found.status, found.duplicate_of) == (ticket.number, Status.OK, None)
    assert found.gap is not None and found.difference == pytest.approx(found.gap - ticket.parents[0].gap)
    with pytest.raises(UsageError, match="is not valid: it was answered"):
        agents.submit(run, GOOD.format(8), ticket=ticket.ticket, runs=runs)
    with Reader(runs) as store:
        (call,) = store.calls(run)
        kept = store.candidate(run, ticket.number)
    assert (call.call.model, call.call.prompt.user in ticket.prompt) == ("me", True)
    assert kept.program and kept.program.source == GOOD.format(7) and kept.idea == "a line"
    assert "a line" in agents.take_ticket(run, runs=runs).prompt, "the next is told what was tried"


def test_a_free_submission_counts_and_a_duplicate_or_a_fault_is_said(session: tuple[str, Path]) -> None:
    run, runs = session
    first = agents.submit(run, GOOD.format(7), author="me", runs=runs)
    again = agents.submit(run, GOOD.format(7) + "# the same\n", runs=runs)
    wrong = agents.submit(run, "def g(x):\n    return 1\n", runs=runs)
    assert (first.status, again.duplicate_of, wrong.status) == ("ok", first.candidate, "rejected")
    assert "does not define `f`" in wrong.message and again.best == first.gap
    assert [a.number for a in agents.history(run, runs=runs)][-3:] == [first.candidate, again.candidate, wrong.candidate]


def test_a_program_made_from_another_attempt_than_its_tickets_is_compared_with_that(session: tuple[str, Path]) -> None:
    run, runs = session
    first = agents.submit(run, GOOD.format(7), runs=runs)
    ticket = agents.take_ticket(run, runs=runs)
    made = agents.submit(run, GOOD.format(6), ticket=ticket.ticket, parent=first.candidate, runs=runs)
    free = agents.submit(run, GOOD.format(5), parent=made.candidate, runs=runs)
    assert made.gap is not None and first.gap is not None and free.gap is not None
    assert made.difference == pytest.approx(made.gap - first.gap) and free.difference == pytest.approx(free.gap - made.gap)
    assert [first.left, made.left, free.left] == [4, 3, 2]
    assert [list(a.parents) for a in agents.history(run, runs=runs)][-2:] == [[first.candidate], [made.candidate]]
    with pytest.raises(UsageError, match="99"):
        agents.submit(run, GOOD.format(4), parent=99, runs=runs)


def test_a_submission_tells_its_gap_on_every_train_instance(session: tuple[str, Path], toy: catalog.LoadedProblem) -> None:
    run, runs = session
    ticket = agents.take_ticket(run, runs=runs)
    found = agents.submit(run, GOOD.format(3), ticket=ticket.ticket, runs=runs)
    train = toy.instances(Split.TRAIN)
    assert [(one.id, one.family) for one in found.instances] == [(one.id, one.family) for one in train]
    best = toy.references.gaps(toy.references.ranking[0][0], Split.TRAIN)
    assert {one.id: one.best_baseline for one in found.instances} == best
    with Reader(runs) as store:
        assert [one.parent for one in found.instances] == list(store.candidate(run, ticket.parents[0].candidate).instances)
    assert agents.submit(run, "def f(x, a):\n    return x / 0\n", runs=runs).instances == []


def test_what_its_author_says_of_the_cost_counts_with_a_ticket_and_without(session: tuple[str, Path]) -> None:
    run, runs = session
    ticket = agents.take_ticket(run, author="me", runs=runs)
    agents.submit(run, GOOD.format(3), ticket=ticket.ticket, tokens=70, cost_usd=0.25, runs=runs)
    agents.submit(run, GOOD.format(4), author="me", tokens=30, cost_usd=0.5, runs=runs)
    with Reader(runs) as store:
        calls = [made.call for made in store.calls(run)]
        assert [(c.model, c.tokens_out, c.cost_usd, c.estimated) for c in calls] == [
            ("me", 70, 0.25, False),
            ("me", 30, 0.5, False),
        ]
        assert store.spending(run).dollars == 0.75


def test_whoever_takes_tickets_without_answering_is_told_which(session: tuple[str, Path]) -> None:
    run, runs = session
    first = agents.take_ticket(run, author="me", runs=runs)
    other = agents.take_ticket(run, author="you", runs=runs)
    second = agents.take_ticket(run, author="me", runs=runs)
    assert (first.held, other.held, second.held) == ([], [], [first.ticket])


def test_while_the_best_is_chosen_the_run_says_so_and_gives_no_ticket(
    session: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, runs = session
    told, settle = threading.Event(), Champion.settle

    def slow(champion: Champion, heartbeat: Callable[[], None]) -> None:
        while not told.wait(0.02):
            heartbeat()
        settle(champion, heartbeat)

    monkeypatch.setattr(Champion, "settle", slow)
    try:
        last = [agents.submit(run, GOOD.format(number), runs=runs) for number in range(5)][-1]
        assert last.left == 0
        with pytest.raises(UsageError, match="all 5 attempts are used up; the run ends"):
            agents.take_ticket(run, runs=runs)
        with Reader(runs) as store:
            row = store.run(run)
        assert row.live and row.message == driver.CHOOSING
    finally:
        told.set()


def test_two_agents_never_get_the_same_ticket_and_what_is_given_back_goes_to_the_next(session: tuple[str, Path]) -> None:
    run, runs = session
    tickets = [agents.take_ticket(run, runs=runs) for _ in range(3)]
    assert len({t.ticket for t in tickets}) == len({t.number for t in tickets}) == 3
    agents.give_up(run, tickets[1].ticket, runs=runs)
    again = agents.take_ticket(run, runs=runs)
    assert again.number == tickets[1].number and again.ticket != tickets[1].ticket
    with pytest.raises(UsageError, match="is not valid"):
        agents.submit(run, GOOD.format(1), ticket=tickets[1].ticket, runs=runs)


def test_a_ticket_that_expires_goes_to_the_next(session: tuple[str, Path]) -> None:
    run, runs = session
    late = agents.take_ticket(run, seconds=1.0, runs=runs)
    time.sleep(1.1)
    with pytest.raises(UsageError, match="has expired"):
        agents.submit(run, GOOD.format(1), ticket=late.ticket, runs=runs)
    assert agents.take_ticket(run, runs=runs).number == late.number


def test_there_are_no_more_tickets_than_attempts(session: tuple[str, Path]) -> None:
    run, runs = session
    for number in range(4):
        agents.submit(run, GOOD.format(number), runs=runs)
    last = agents.take_ticket(run, runs=runs)
    with pytest.raises(UsageError, match="all 5 attempts are used up or taken"):
        agents.take_ticket(run, runs=runs)
    assert agents.submit(run, GOOD.format(9), ticket=last.ticket, runs=runs).status == "ok"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (row := Store(runs, write=False).run(run)).live:
        time.sleep(0.05)
    assert (row.status, row.message) == ("done", "")
    with pytest.raises(UsageError, match=r"all 5 attempts of .* are used up; for more: evolve resume"):
        agents.take_ticket(run, runs=runs)


def test_a_session_that_nobody_uses_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "IDLE_SECONDS", 0.2)
    options = RunOptions(proposer="agents", candidates=5, workers=1)
    found = start.begin(catalog.load(TOY), options, tmp_path, Silent())
    assert found.status == "stopped" and "nobody has asked" in found.message


def test_a_session_of_its_own_process_is_resumed_by_the_next_request(tmp_path: Path) -> None:
    run = agents.open_session(TOY, attempts=4, runs=tmp_path, options=["--tune-trials=0", "--workers=1"])
    ticket = agents.take_ticket(run, runs=tmp_path)
    assert agents.submit(run, GOOD.format(3), ticket=ticket.ticket, runs=tmp_path).status == "ok"
    _stop(run, tmp_path)
    again = agents.take_ticket(run, runs=tmp_path)
    assert again.number == ticket.number + 1
    assert agents.submit(run, GOOD.format(4), ticket=again.ticket, runs=tmp_path).status == "ok"
    _stop(run, tmp_path)


def test_a_run_with_a_model_takes_no_requests_once_it_has_ended(tmp_path: Path) -> None:
    found = start.begin(catalog.load(TOY), RunOptions(proposer="builtin", candidates=2, workers=1), tmp_path, Silent())
    with pytest.raises(UsageError, match=r"is not running .*open a session with: evolve agent open"):
        agents.take_ticket(found.run, runs=tmp_path)
    with pytest.raises(UsageError, match="evolve inject"):
        agents.submit(found.run, GOOD.format(1), runs=tmp_path)


def _stop(run: str, runs: Path) -> None:
    with Store(runs) as store:
        store.send(run, "stop")
        deadline = time.monotonic() + 60
        while store.run(run).live and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not store.run(run).live
