"""Runs against servers that answer oddly: budgets hold, costs are right, every attempt is explained, others stand in."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOY
from tests.integration.odd_refusals import REFUSALS
from tests.integration.odd_rows import Row, whole_when
from tests.integration.odd_server import Answer, Asked, ok, refuses, serve
from tests.integration.odd_shapes import SHAPES
from tests.integration.silent import Silent
from tests.integration.test_cli import evolve, refused  # noqa: F401 (a fixture)
from workbench.errors import UsageError
from workbench.loop import breaker
from workbench.loop.start import begin
from workbench.model import Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.proposers import asking
from workbench.proposers.gateway import Gateway
from workbench.proposers.litellm import LiteLLM
from workbench.store import ModelCall, Outcome, Store

UNITS = {"prompt_tokens": 1000, "completion_tokens": 100}
PRICE = "2/8"
UNIT = 1000 * 2e-6 + 100 * 8e-6


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """One process for all runs: its start takes seconds."""
    made = Gateway()
    yield made
    made.close()


def program(number: int) -> str:
    """A new program for each number."""
    return f"```python\ndef f(x, a):\n    return a * x + {number}\n```"


def good(asked: Asked) -> Answer:
    """A new program for each request."""
    return Answer(ok(program(asked.count), usage=UNITS))


def run(runs: Path, made: LiteLLM, **options: Any) -> tuple[Outcome, Silent]:
    """A run of a proposer on the toy problem."""
    display = Silent()
    values = {"proposer": "litellm", "models": ("m",), "workers": 1, "tune_trials": 0, "candidates": 5} | options
    return begin(catalog.load(TOY), RunOptions(**values), runs, display, proposer=made), display


def proposer(gateway: Gateway, model: str, base: str, **options: Any) -> LiteLLM:
    """A proposer that hardly waits."""
    return LiteLLM(model, base, **{"gateway": gateway, "backoff": 0.01, "timeout": 20.0, "concurrency": 1} | options)


def calls(runs: Path, run: str = "latest") -> list[ModelCall]:
    """The calls of a run that were made for attempts."""
    with Store(runs, write=False) as store:
        return [made for made in store.calls(store.run(run).id) if made.number >= 0]


def test_the_check_learns_and_says_it_once(tmp_path: Path, gateway: Gateway) -> None:
    reply = refuses(
        "Use 'max_completion_tokens' instead of the unsupported 'max_tokens'.", lambda b: "max_tokens" not in b, then=good
    )
    with serve({"m": reply}) as served:
        found, display = run(tmp_path, proposer(gateway, "m", served.base, reasoning_effort="low", headers=["X-A: b"]))
    bodies = [asked.body for asked in served.asked]
    assert found.status == "done" and len(bodies) == 2 + found.attempts, "refused once, at the check"
    assert sum("max_completion_tokens" in line for line in display.lines) == 1
    for asked in served.asked[1:]:
        assert asked.body["max_completion_tokens"] == 16_384 and asked.body["reasoning_effort"] == "low"
        assert asked.headers["x-a"] == "b"


def test_tokens_are_estimated_where_nobody_tells_them_and_the_budget_holds(tmp_path: Path, gateway: Gateway) -> None:
    with serve({"m": lambda asked: Answer(ok(program(asked.count), usage=None))}) as served:
        found, _ = run(tmp_path, proposer(gateway, "m", served.base), candidates=100, max_tokens=6000)
    with Store(tmp_path, write=False) as store:
        spent = store.spending(found.run)
    assert found.status == "done" and "6,000 tokens" in found.message and found.attempts < 100
    last = max(made.call.tokens_in + made.call.tokens_out for made in calls(tmp_path))
    assert 6000 <= spent.tokens_in + spent.tokens_out < 6000 + last, "over by less than the call that used it up"
    assert spent.estimated == spent.calls


@pytest.mark.parametrize("price", [None, PRICE])
def test_a_dollar_budget_needs_a_price_and_then_holds(tmp_path: Path, gateway: Gateway, price: str | None) -> None:
    with serve({"m": good}) as served:
        made = proposer(gateway, "m", served.base, prices=[price] if price else [])
        if price is None:
            with pytest.raises(UsageError, match="--max-usd cannot be kept: what m costs is unknown; give its price with --price"):
                run(tmp_path, made, max_usd=1.0)
            assert len(served.asked) == 1
            return
        found, _ = run(tmp_path, made, candidates=100, max_usd=10 * UNIT)
    assert found.status == "done" and len(served.asked) in (10, 11)
    assert found.cost_usd == pytest.approx(len(served.asked) * UNIT)


def test_an_answer_that_gets_no_longer_is_rejected_and_both_are_paid(tmp_path: Path, gateway: Gateway) -> None:
    with serve({"m": whole_when(10**9)}) as served:
        found, display = run(tmp_path, proposer(gateway, "m", served.base, answer_tokens=100, prices=[PRICE]), candidates=6)
        asked = [a.body["max_tokens"] for a in served.asked[1:]]
    assert asked[:4] == [100, 200, 100, 200] and set(asked[4:]) == {100}, "after two that did not help, none is asked for again"
    assert any("no longer asked for again" in line for line in display.lines)
    made = calls(tmp_path)
    assert found.cost_usd == pytest.approx(sum(10 * 2e-6 + tokens * 8e-6 for tokens in [100, *asked]))
    assert [c.call.tokens_out for c in made[:3]] == [300, 300, 100] and found.valid == 0
    with Store(tmp_path, write=False) as store:
        rejected = [c for c in store.candidates(found.run) if c.operator != "seed"]
    assert {c.status for c in rejected} == {Status.REJECTED} and all("truncated" in c.message for c in rejected)


def test_fallbacks_stand_in_while_a_model_is_down(tmp_path: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "DOWN_SECONDS", 3600.0)
    down = threading.Event()

    def main(asked: Asked) -> Answer:
        if asked.count == 4:
            down.set()
        return Answer({"error": {"message": "overloaded"}}, 503) if down.is_set() else good(asked)

    with serve({"m": main, "second": good}) as served:
        made = proposer(gateway, "m", served.base, fallbacks=["nobody@http://127.0.0.1:9/v1", "second"])
        found, display = run(tmp_path, made, candidates=8)
    who = [made.call.model for made in calls(tmp_path)]
    assert found.status == "done" and who == ["m"] * 2 + ["second"] * 6
    assert served.counts["m"] == 3 + 4, "asked, and then tried again; afterwards left alone"
    assert sum("m is down" in line for line in display.lines) == 1 and not any(c.call.error for c in calls(tmp_path))


def test_a_failed_run_ends_with_exit_code_1_and_the_money(
    evolve,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    replies = {"m": lambda asked: Answer(ok("OK", usage=UNITS)) if asked.count == 1 else Answer(ok(None, usage=UNITS))}
    with serve(replies) as served:
        options = ("--model", "m", "--api-base", served.base, "--price", PRICE, "-n", 3, "--tune-trials", 0, "--runs", tmp_path)
        code, _, err = evolve("run", TOY, *options)
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert code == 1 and "all 3 model calls failed, the last with: the model returned an empty answer" in line
    assert "Spent: $0.0112, 4,400 tokens." in line and "evolve resume" in line
    with Store(tmp_path, write=False) as store:
        assert store.runs()[0].status == "failed"


def test_resume_takes_another_model_endpoint_and_budgets(
    evolve,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    quick = ("--tune-trials", 0, "--workers", 1)
    with serve({"first": good}) as one, serve({"other": good, "spare": good}) as two:
        assert evolve("run", TOY, "--proposer", "builtin", "-n", 2, *quick)[0] == 0
        assert evolve("resume", "latest", "-n", 4, "--model", "first", "--api-base", one.base)[0] == 0
        code, _, err = evolve("resume", "latest", "-n", 5, "--max-usd", 5)
        assert code == 2 and "give its price with --price" in err and one.counts["first"] == 4
        more = ("--model", "other", "--api-base", two.base, "--fallback", "spare", "--price", PRICE, "--answer-tokens", 777)
        code, out, _ = evolve("resume", "latest", "-n", 50, *more, "--max-tokens", 12 * 1100, "--max-usd", 5)
    assert code == 0 and "used up" in out
    assert [c.call.model for c in calls(Path("runs"))][:4] == ["first", "first", "other", "other"]
    assert {a.body["max_tokens"] for a in two.asked} == {777} and two.counts["spare"] == 1
    with Store(Path("runs"), write=False) as store:
        row = store.run("latest")
    assert row.proposer == "other" and row.options.api_base == two.base and row.options.fallbacks == ("spare",)


# --------------------------------------------------------------------------- everything at once


def test_a_context_that_is_smaller_than_what_was_answered_is_not_believed(tmp_path: Path, gateway: Gateway) -> None:
    small = next(row for row in REFUSALS if row.name == "context-too-small").reply
    with serve({"m": lambda asked: small(asked) if asked.count == 4 else good(asked)}) as served:
        found, _ = run(tmp_path, proposer(gateway, "m", served.base), candidates=8)
        assert found.status == "done" and len(served.asked) == 1 + 8, "the attempts behind it are asked for as before"
    errors = [made.call.error for made in calls(tmp_path) if made.call.error]
    assert len(errors) == 1 and "the request exceeds the available context size (256 tokens)" in errors[0]


DRAWN = [row for row in (*REFUSALS, *SHAPES) if row.requests < 4 and not row.options and "down" not in row.name]


def drawing(seed: int, books: Counter[str]) -> Any:
    """A server's behaviour: half of the requests get a new program, the others an oddity drawn at random; with its own books."""
    rng, lock = random.Random(seed), threading.Lock()

    def reply(asked: Asked) -> Answer:
        with lock:
            row: Row | None = rng.choice(DRAWN) if asked.count > 1 and rng.random() < 0.5 else None
            answer = good(asked) if row is None else row.reply(asked)
            books["requests"] += 1
            books["odd"] += row is not None
        return answer

    return reply


@pytest.mark.parametrize("seed", [1, 2])
def test_sixty_attempts_against_all_oddities_at_random(
    tmp_path: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(breaker, "WAITS", (0.05,) * 50)
    books: Counter[str] = Counter()
    with serve({"m": drawing(seed, books)}) as served:
        made = proposer(gateway, "m", served.base, prices=[PRICE], concurrency=4)
        found, _ = run(tmp_path, made, candidates=60, max_usd=60 * UNIT)
    with Store(tmp_path, write=False) as store:
        everything, attempts = store.calls(found.run), [c for c in store.candidates(found.run) if c.operator != "seed"]
        spent = store.spending(found.run)
    assert books["odd"] > 20 and found.status == "done" and found.valid > 5
    assert sum(1 + made.call.retries for made in everything) == books["requests"], "every request is in the books"
    assert spent.dollars == pytest.approx(sum(c.call.tokens_in * 2e-6 + c.call.tokens_out * 8e-6 for c in everything))
    assert spent.unpriced == 0 and found.cost_usd == pytest.approx(spent.dollars)
    assert spent.dollars <= 66 * UNIT and ("budget" in found.message or found.attempts == 60)
    unexplained = [c for c in attempts if c.status is not Status.OK and not c.message.strip()]
    assert not unexplained and all("Traceback" not in c.message for c in attempts)
