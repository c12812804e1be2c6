"""Messages to a run in words: what each asks, and what has become of it, whether the run lives, has ended or was resumed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.analysis.messages import Asked, asked, out
from workbench.loop.messages import Submitted, refusal
from workbench.options import RunOptions
from workbench.store import WAITING, Store, injected

SOURCE = "def f(x, a):\n    return a * x\n"
SUBMIT = {"source": SOURCE, "idea": "a line", "author": "reader", "ticket": "", "tokens": None, "cost_usd": None, "parent": None}


MADE = Submitted(8, "crash", None, {}, None, None, None, None, None, None, None, 3, "")
"""What the run says of a submission."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A folder with the live run `one`."""
    made = Store(tmp_path)
    made.create_run("one", problem="tests/curve", folder="", version="v", options=RunOptions(), proposer="agents", isolation="full")
    return made


def said(store: Store, command: str, argument: str, answer: str | None) -> Asked:
    """What is told of one message; no answer: the run has not read it."""
    message = store.send("one", command, argument)
    if answer is not None:
        store.acknowledge(message, answer)
    return asked(store, store.run("one"))[-1]


@pytest.mark.parametrize(
    ("command", "argument", "answer", "words"),
    [
        ("inject", injected(SOURCE, "a line"), None, ("a line", SOURCE, "waiting for the run to read it", None)),
        ("inject", SOURCE, WAITING, ("", SOURCE, "waiting for its turn", None)),
        ("inject", injected(SOURCE, ""), "attempt 5: ok, train gap 3.0%", ("", SOURCE, "attempt 5: ok, train gap 3.0%", 5)),
        ("inject", SOURCE, "attempt 6: rejected, SyntaxError", ("", SOURCE, "attempt 6: rejected, SyntaxError", 6)),
        ("submit", json.dumps(SUBMIT), replace(MADE, candidate=7, status="ok", gap=0.03, error=0.01).to_json(),
         ("a line", SOURCE, "attempt 7: ok, train gap 3.00%", 7)),
        ("submit", json.dumps(SUBMIT), replace(MADE, message="instance 1: no").to_json(),
         ("a line", SOURCE, "attempt 8: crash, instance 1: no", 8)),
        ("submit", json.dumps(SUBMIT), refusal("ticket x is not valid"),
         ("a line", SOURCE, "refused: ticket x is not valid", None)),
        ("steer", '{"text": "avoid sorting", "next": 7}', "added", ("avoid sorting", "", "added", None)),
        ("pause", "", "paused", ("", "", "paused", None)),
    ],
)  # fmt: skip
def test_each_kind_of_message_is_told_without_json(
    store: Store, command: str, argument: str, answer: str | None, words: tuple[str, str, str, int | None]
) -> None:
    found = said(store, command, argument, answer)
    assert (found.text, found.source, found.outcome, found.number) == words
    assert found.author == ("reader" if command == "submit" else "") and found.waits is ("waiting" in found.outcome)


def test_what_a_run_did_not_get_to_is_no_longer_said_to_be_next(store: Store) -> None:
    for command, answer in (("inject", WAITING), ("submit", WAITING), ("inject", None)):
        said(store, command, SOURCE, answer)
    store.end_run("one", "stopped", "", 1.0)
    told = [a.outcome for a in asked(store, store.run("one"))]
    lost = "not evaluated: the run ended before its turn"
    assert told == [f"{lost}; it is evaluated if the run is resumed", lost, "not read: the run has ended"]
    store.claim("one", RunOptions(), "full")
    store.ask_again("one")
    assert [m.command for m in store.messages("one")] == ["inject", "inject"], "both are read again"
    assert [a.waits for a in asked(store, store.run("one"))] == [True, False, True]


def test_tickets_are_out_answered_given_back_expired_or_ended_with_the_run(store: Store) -> None:
    for name, expires in (("out", 9e9), ("done", 9e9), ("back", 9e9), ("late", 1.0)):
        ticket = {"ticket": name, "number": 5, "kind": "improve", "prompt": "...", "parents": [], "expires": expires}
        said(store, "ticket", json.dumps({"author": name, "seconds": 60}), json.dumps(ticket))
    said(store, "submit", json.dumps(SUBMIT | {"ticket": "done"}), MADE.to_json())
    said(store, "submit", json.dumps(SUBMIT | {"ticket": "out"}), refusal("no program"))
    said(store, "give-up", "back", '{"given_back": "back"}')
    told = asked(store, store.run("one"))
    assert [a.outcome.removeprefix("attempt 5, ").split(" until")[0] for a in told[:4]] == [
        "out",
        "answered",
        "given back",
        "expired",
    ]
    assert [(a.author, a.text) for a in out(told)] == [("out", "improve")]
    store.end_run("one", "stopped", "", 1.0)
    told = asked(store, store.run("one"))
    assert told[0].outcome == "attempt 5, ended with the run" and not out(told)
