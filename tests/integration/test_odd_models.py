"""Models and endpoints that answer oddly: each is understood, or told in one line that names the remedy."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.integration.odd_refusals import REFUSALS
from tests.integration.odd_rows import Row, whole_when
from tests.integration.odd_server import Served, serve
from tests.integration.odd_shapes import SHAPES
from tests.integration.test_gateway import BRIEF, PARENT
from workbench.model import Call, Selection, Task
from workbench.proposers.gateway import Gateway
from workbench.proposers.litellm import LiteLLM

ROWS = (*REFUSALS, *SHAPES)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A server with every oddity."""
    with serve({row.name: row.reply for row in ROWS}) as found:
        yield found


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """One process for all rows: its start takes seconds."""
    made = Gateway()
    yield made
    made.close()


def proposer(gateway: Gateway, model: str, base: str, **options: object) -> LiteLLM:
    """A proposer that waits for nothing."""
    made = LiteLLM(model, base, gateway=gateway, backoff=0.01, timeout=20.0, **{"style": "full", **options})  # type: ignore[arg-type]
    made.begin(BRIEF, lambda program: False)
    return made


def ask(made: LiteLLM, number: int = 1) -> Call:
    """One attempt."""
    call = made.propose(Task(number, Selection(PARENT)), random.Random(number)).call
    assert call is not None
    return call


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_an_odd_answer_is_understood_or_told(row: Row, served: Served, gateway: Gateway) -> None:
    served.counts.pop(row.name, None)
    made = proposer(gateway, row.name, served.base, **row.options)
    call = ask(made)
    assert row.error in call.error and bool(row.error) == bool(call.error), call.error
    assert (call.error.isprintable() or not call.error) and "Traceback" not in call.error and len(call.error) < 500
    assert (call.text, call.finish, call.estimated) == (row.text, row.finish, row.estimated)
    assert row.tokens is None or (call.tokens_in, call.tokens_out) == row.tokens
    assert not row.estimated or (call.tokens_in > 300 and call.tokens_out > 5)
    assert served.counts[row.name] == row.requests == call.retries + 1
    assert row.sent(served.last().body)
    news = made.news()
    assert row.tells in " ".join(news) and bool(row.tells) == bool(news), news
    if row.tells:  # it was learned: the next attempt takes one request, and says nothing
        assert ask(made, 2).error == "" and served.counts[row.name] == row.requests + 1 and made.news() == ()


def test_no_answer_is_longer_than_twice_what_was_asked_for(gateway: Gateway) -> None:
    with serve({"m": lambda asked: whole_when(150 if asked.count <= 2 else 300)(asked)}) as server:
        made = proposer(gateway, "m", server.base, answer_tokens=100)
        finishes = [ask(made, number).finish for number in (1, 2)]
    assert finishes == ["stop", "length"] and [a.body["max_tokens"] for a in server.asked] == [100, 200, 200]
