"""Model calls end to end over a loopback server that fails in every way a real one does."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration import model_server
from workbench.errors import ModelError, Rejected
from workbench.model import Brief, Call, Candidate, Limits, Program, Selection, Status, Task
from workbench.program import reply
from workbench.proposers import gateway as gateway_module
from workbench.proposers.gateway import Gateway
from workbench.proposers.litellm import LiteLLM

CANARY = "canary-key-8d1f62b0"
BRIEF = Brief("toy/toy", "Toy", "Which?", "Text.", "f", "s", "min", {"x": "a number"}, (), (), ("math",), Limits())
PARENT = Candidate(0, Status.OK, Program("def f(x):\n    return x\n", "f"), "seed", gap=0.5)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with model_server.serve() as url:
        yield url


@pytest.fixture(scope="module")
def shared(base: str) -> Iterator[Gateway]:
    """One gateway for all tests, since its start takes seconds; the key is set only while it starts."""
    gateway = Gateway()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", CANARY)
        patch.setenv("OPENAI_BASE_URL", base)  # where a model of OpenAI's own is then looked for
        LiteLLM("warm-up", base, gateway=gateway).check()
        yield gateway
    gateway.close()


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch, no_keys: None) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)


def ready(made: LiteLLM) -> LiteLLM:
    made.begin(BRIEF, lambda program: False)
    return made


def proposer(gateway: Gateway, model: str, base: str | None, timeout: float = 5.0) -> LiteLLM:
    model_server.Handler.calls.clear()
    return ready(LiteLLM(model, base, timeout=timeout, backoff=0.05, gateway=gateway))


def ask(gateway: Gateway, model: str, base: str | None, timeout: float = 5.0) -> Call:
    made = proposer(gateway, model, base, timeout).propose(Task(1, Selection(PARENT)), random.Random(0))
    assert made.call is not None and made.text == made.call.text and made.parents == (0,)
    assert CANARY not in repr(made)
    return made.call


def test_a_call_is_kept_whole(shared: Gateway, base: str) -> None:
    call = ask(shared, "good", base)
    assert (call.text, call.tokens_in, call.tokens_out, call.retries, call.error) == (model_server.ANSWER, 11, 7, 0, "")
    assert call.model == "good" and "# Toy" in call.prompt.user and call.seconds > 0
    assert call.cost_usd is None  # no price is known: that is not the same as free


def test_a_known_price_is_counted(shared: Gateway) -> None:
    call = ask(shared, "openai/gpt-4o-mini", None)
    assert call.error == "" and call.cost_usd == pytest.approx(11 * 0.15e-6 + 7 * 0.6e-6)


def test_the_name_of_a_priced_model_elsewhere_has_no_price(shared: Gateway, base: str) -> None:
    assert ask(shared, "openai/gpt-4o-mini", base).cost_usd is None


def test_a_rate_limit_is_waited_out(shared: Gateway, base: str) -> None:
    call = ask(shared, "busy-once", base)
    assert call.error == "" and call.retries == 1 and 1.0 <= call.seconds < 4


def test_a_rate_limit_of_an_hour_is_not(shared: Gateway, base: str) -> None:
    call = ask(shared, "busy-for-an-hour", base)
    assert call.error.startswith("busy: ") and call.seconds < 3 and model_server.Handler.calls["busy-for-an-hour"] == 1


@pytest.mark.parametrize("model", ["500", "503"])
def test_server_errors_are_tried_four_times(shared: Gateway, base: str, model: str) -> None:
    call = ask(shared, model, base)
    assert call.error.startswith("server: ") and call.retries == 3 and model_server.Handler.calls[model] == 4


def test_a_reset_connection_is_tried_again(shared: Gateway, base: str) -> None:
    call = ask(shared, "reset-once", base)
    assert (call.error, call.retries) == ("", 1)


def test_a_server_that_hangs(shared: Gateway, base: str) -> None:
    call = ask(shared, "hang", base, timeout=0.5)
    assert call.error.startswith("timeout: ") and call.seconds < 2.5


def test_a_server_that_trickles_holds_nobody_up(shared: Gateway, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "_SLACK_SECONDS", 0.3)
    call = ask(shared, "trickle", base, timeout=0.4)
    assert call.error.startswith("timeout: ") and call.seconds < 3


@pytest.mark.parametrize("model", ["html", "junk", "list", "empty-object", "no-choices", "cut"])
def test_what_is_no_completion_is_an_error(shared: Gateway, base: str, model: str) -> None:
    call = ask(shared, model, base)
    assert call.text == "" and call.error and "Traceback" not in call.error


@pytest.mark.parametrize(
    ("model", "told"),
    [("null", "empty answer (finish reason: length)"), ("empty", "empty answer"), ("reasons", "reasoning but no")],
)
def test_an_empty_answer_is_an_error(shared: Gateway, base: str, model: str, told: str) -> None:
    assert told in ask(shared, model, base).error


def test_reasoning_alone_is_rejected_when_it_is_read(shared: Gateway, base: str) -> None:
    call = ask(shared, "thinks", base)
    assert PARENT.program
    with pytest.raises(Rejected, match="reasoning only"):
        reply.parse(call.text, PARENT.program)


@pytest.mark.parametrize("model", ["401", "403", "404", "400"])
def test_refusals_are_not_tried_again(shared: Gateway, base: str, model: str) -> None:
    assert ask(shared, model, base).error and model_server.Handler.calls[model] == 1


def test_an_answer_that_repeats_the_key_is_redacted(shared: Gateway, base: str) -> None:
    assert "redacted" in ask(shared, "echo-key", base).text


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("401", "set the environment variable OPENAI_API_KEY"),
        ("403", "set the environment variable OPENAI_API_KEY"),
        ("404", "no such model (404); it serves served-model, other"),
        ("html", "usually ends in /v1"),
        ("400", "the call failed"),
        ("500", "the call failed"),
    ],
)
def test_a_check_says_what_is_wrong_in_one_line(shared: Gateway, base: str, model: str, told: str) -> None:
    with pytest.raises(ModelError) as caught:
        proposer(shared, model, base).check()
    text = str(caught.value)
    assert text.startswith(f"{model} at {base}: ") and told in text and "\n" not in text and CANARY not in text
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_a_check_of_an_unreachable_endpoint(shared: Gateway) -> None:
    with pytest.raises(ModelError, match=r"m at http://127\.0\.0\.1:1/v1: cannot be reached; start the server"):
        proposer(shared, "m", "http://127.0.0.1:1/v1").check()


def test_a_check_of_a_model_of_no_provider(shared: Gateway) -> None:
    with pytest.raises(ModelError, match="write provider/model"):
        proposer(shared, "nonsense", None).check()


def test_a_check_without_a_key(shared: Gateway) -> None:
    with pytest.raises(ModelError, match="set the environment variable ANTHROPIC_API_KEY"):
        proposer(shared, "anthropic/claude-sonnet-4-5", None).check()


def test_a_check_of_a_busy_model_passes(shared: Gateway, base: str) -> None:
    (call,) = proposer(shared, "busy-for-an-hour", base).check()
    assert call.error.startswith("busy")


def test_calls_overlap(shared: Gateway, base: str) -> None:
    made = proposer(shared, "slow", base)
    began = time.monotonic()
    with ThreadPoolExecutor(16) as threads:
        replies = list(threads.map(lambda n: made.propose(Task(n, Selection(PARENT)), random.Random(n)), range(16)))
    assert all(r.call and not r.call.error for r in replies)
    assert time.monotonic() - began < 16 * 0.4 / 2


def test_a_killed_gateway_is_begun_anew(shared: Gateway, base: str, keyed: None) -> None:
    made, old = proposer(shared, "slow-once", base), shared.pid
    assert old is not None
    threading.Timer(0.2, os.kill, (old, signal.SIGKILL)).start()
    made_reply = made.propose(Task(1, Selection(PARENT)), random.Random(0))
    assert made_reply.call and made_reply.call.error == "" and made_reply.call.retries == 1
    assert shared.pid not in (None, old)


def gone(pid: int, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_gateway_dies_with_its_parent() -> None:
    code = (
        "import threading, time\n"
        "from workbench.proposers.gateway import Gateway\n"
        "from workbench.proposers.exchange import ModelRequest\n"
        "g = Gateway()\n"
        "threading.Thread(target=g.call, args=(ModelRequest('m', '', '', 1, 9.0),), daemon=True).start()\n"
        "while g.pid is None: time.sleep(0.01)\n"
        "print(g.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    assert gone(pid)


def test_close_ends_the_process_and_the_calls_under_way(base: str) -> None:
    made = ready(LiteLLM("hang", base))
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(made.propose, Task(1, Selection(PARENT)), random.Random(0))
        deadline = time.monotonic() + 10
        while (pid := made._gateway.pid) is None and time.monotonic() < deadline:
            time.sleep(0.01)
        made.close()
        call = future.result(5.0).call
    assert pid is not None and gone(pid) and call is not None and call.error.startswith("lost")
    made.close()  # twice does no harm


def test_no_network_but_the_endpoint(base: str) -> None:
    code = (
        "import sys\n"
        "seen = set()\n"
        "def hook(event, args):\n"
        "    if event == 'socket.connect': seen.add(args[1])\n"
        "    if event == 'socket.getaddrinfo': seen.add(args[:2])\n"
        "sys.addaudithook(hook)\n"
        "from workbench.proposers import completion, exchange\n"
        f"answer = completion.complete(exchange.ModelRequest('good', 's', 'u', 9, 5.0, None, {base!r}))\n"
        "assert not answer.kind, answer\n"
        "print(sorted({tuple(a)[1] for a in seen}))\n"
    )
    environ = {**os.environ, **gateway_module.LOCAL}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == f"[{base.rpartition(':')[2].partition('/')[0]}]"


@pytest.mark.model
@pytest.mark.skipif("EVOLVE_TEST_API_BASE" not in os.environ, reason="EVOLVE_TEST_API_BASE names no server")
def test_a_real_model_answers() -> None:
    from workbench.proposers.providers import served

    base = os.environ["EVOLVE_TEST_API_BASE"]
    made = ready(LiteLLM(served(base, 5.0)[0], base, style="block"))
    try:
        (call,) = made.check()
        assert call.text and call.tokens_in > 5 and call.cost_usd is None
    finally:
        made.close()
