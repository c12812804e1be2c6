"""Names, proxies, headers and prices of endpoints, and options from a file."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOY
from tests.integration.odd_server import Answer, Asked, always, ok, serve
from tests.integration.test_cli import evolve, refused  # noqa: F401 (a fixture)
from tests.integration.test_keys import heard  # noqa: F401 (a fixture)
from workbench import prices, proposers
from workbench.errors import ModelError, UsageError
from workbench.options import RunOptions
from workbench.proposers.litellm import LiteLLM
from workbench.store import Store


@pytest.fixture
def checked() -> Iterator[Any]:
    """Make a proposer and check its models, in a process of its own."""
    with contextlib.ExitStack() as stack:

        def check(model: str, base: str | None, **options: Any) -> LiteLLM:
            made = stack.enter_context(contextlib.closing(LiteLLM(model, base, **{"backoff": 0.01, "timeout": 20.0} | options)))
            made.check()
            return made

        yield check


@pytest.mark.parametrize(
    ("listed", "served", "sent"),
    [
        (["openai/gpt-oss-20b"], "openai/gpt-oss-20b", ["openai/gpt-oss-20b"]),
        ([], "openai/gpt-oss-20b", ["gpt-oss-20b", "openai/gpt-oss-20b"]),
        (["gpt-oss-20b"], "gpt-oss-20b", ["gpt-oss-20b"]),
    ],
    ids=["listed as it is", "found out by its refusal", "with LiteLLM's prefix"],
)
def test_a_served_name_with_a_slash(checked: Any, listed: list[str], served: str, sent: list[str]) -> None:
    with serve({served: always(ok())}, listed) as server:
        checked("openai/gpt-oss-20b", server.base)
    assert [asked.body["model"] for asked in server.asked] == sent


def test_an_endpoint_is_called_without_loading_litellm() -> None:
    code = (
        "import sys; from workbench.proposers.completion import complete; from workbench.proposers.exchange import ModelRequest; "
        "answer = complete(ModelRequest('m', 's', 'u', 50, 20.0, api_base=sys.argv[1])); "
        "print(answer.kind, 'litellm' in sys.modules)"
    )
    with serve({"m": always(ok())}) as server:
        found = subprocess.run([sys.executable, "-c", code, server.base], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False"]


def test_a_local_server_may_name_a_model_after_a_provider(checked: Any) -> None:
    with serve({"deepseek/deepseek-r1": always(ok())}, ["deepseek/deepseek-r1"]) as server:
        checked("deepseek/deepseek-r1", server.base, named=())
    assert [asked.body["model"] for asked in server.asked] == ["deepseek/deepseek-r1"]


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9"])
def test_no_proxy_stands_between_us_and_this_machine(checked: Any, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)
        monkeypatch.setenv(name.lower(), proxy)
    with serve({"m": always(ok())}) as server:
        checked("m", server.base)
        assert proposers.served(server.base) == [] and len(server.asked) == 1
    with pytest.raises(ModelError, match=r"proxy .* cannot be used|cannot be reached"):
        checked("m", "http://203.0.113.7:8080/v1", timeout=3.0)


@pytest.mark.parametrize("base", ["127.0.0.1:8080/v1", "localhost:8080/v1", "my-server.example/v1"])
def test_a_missing_scheme_is_named_with_the_mend(evolve, base: str, tmp_path: Path) -> None:  # noqa: F811
    for more in ((), ("--model", "m")):
        refused(evolve("run", TOY, "--api-base", base, *more, "--runs", tmp_path), f"write http://{base}")


def test_an_address_without_v1_is_told_where_to_go(checked: Any) -> None:
    with serve({}, ["served"]) as server, pytest.raises(ModelError, match=f"use --api-base {server.base}|it serves served"):
        checked("m", server.base)


SECRET = "canary-header-4f0c"


def test_a_header_holds_a_key_only_where_it_was_given(
    evolve,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    heard: tuple[str, list[str]],  # noqa: F811
) -> None:
    """A run records the variable's name; the key is sent by the command that gives the header, and by no other."""
    base, sent = heard
    monkeypatch.setenv("TEAM_PASS", SECRET)
    monkeypatch.chdir(tmp_path)
    options = ("--model", "m", "--api-base", base, "-n", 2, "--tune-trials", 0, "--workers", 1)
    refused(evolve("run", TOY, *options, "--header", "X-Api-Key: plain-text-key"), "put it into an environment variable")
    refused(evolve("run", TOY, *options, "--header", "X-Team: $TEAM_PASS", "--no-endpoint-key"), "TEAM_PASS", "--header")
    assert not sent
    assert evolve("run", TOY, *options, "--header", "X-Team: $TEAM_PASS")[0] == 0
    assert all(SECRET in text for text in sent) and len(sent) >= 3
    sent.clear()
    refused(evolve("resume", "latest", "-n", 3), "repeat --header")
    assert not sent and evolve("resume", "latest", "-n", 3, "--header", "X-Team: $TEAM_PASS")[0] == 0
    assert sent and SECRET.encode() not in b"".join(p.read_bytes() for p in Path("runs").rglob("*") if p.is_file())


def test_headers_reach_no_redirect_and_an_answer_does_not_repeat_them(checked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_PASS", SECRET)
    with serve({"m": lambda asked: Answer(ok(f"you said {asked.headers['x-team']}"))}) as server:
        made = checked("m", server.base, headers=["X-Team: $TEAM_PASS"])
        (call,) = made.check()
        assert call.text == "you said [redacted]"
        with (
            serve({"m": always("", 307, location=f"{server.base}/chat/completions")}) as moved,
            pytest.raises(ModelError, match=f"try --api-base {server.base}"),
        ):
            checked("m", moved.base, headers=["X-Team: $TEAM_PASS"])
        assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"headers": ("nonsense",)}, "takes 'NAME: VALUE'"),
        ({"headers": ("Host: x",)}, "set by every call itself"),
        ({"headers": ("Authorization: Bearer abc",)}, "put it into an environment variable"),
        ({"extra_body": {"model": "x"}}, "model is set by every call itself"),
        ({"extra_body": {"a": "sk-abcdefghijklmnop"}}, "looks like a key"),
        ({"prices": ("cheap",)}, "IN/OUT or MODEL=IN/OUT"),
        ({"prices": ("-1/2",)}, "IN/OUT or MODEL=IN/OUT"),
        ({"fallbacks": ("@http://127.0.0.1:1",)}, "NAME@URL"),
        ({"fallbacks": ("m@http://a b",)}, "an endpoint is an address like"),
    ],
)
def test_wrong_options_are_told_in_one_line(options: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        proposers.make(RunOptions(proposer="litellm", models=("m",), api_base="http://127.0.0.1:1/v1", **options))


def test_prices_come_from_the_user_then_from_the_table() -> None:
    given = prices.parse_prices(["1/2", "big=0.5/4"])
    assert prices.price_of("small", None, given) == (1, 2) and prices.price_of("big", "http://127.0.0.1:1", given) == (0.5, 4)
    table = prices.price_of("openai/gpt-4o-mini", None, {})
    assert table == pytest.approx((0.15, 0.6)) and prices.price_of("gpt-4o-mini", None, {}) == table
    assert prices.price_of("openai/gpt-4o-mini", "http://127.0.0.1:1/v1", {}) is None, "it may cost something else elsewhere"
    assert prices.price_of("no/such-model", None, {}) is None


# --------------------------------------------------------------------------- evolve.toml


def answer(asked: Asked) -> Answer:
    """A new program for each request."""
    return Answer(ok(f"```python\ndef f(x, a):\n    return a * x + {asked.count}\n```"))


FILE = """
model = {{ m = 2, other = 1 }}
api-base = "{base}"
candidates = 3
answer_tokens = 500
workers = 1
tune-trials = 0
extra-body = {{ top_k = 20, nested = {{ a = [1, 2] }} }}

[header]
X-Team = "optim"
"""


def test_a_file_holds_options_and_the_command_line_wins(
    evolve,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with serve({"m": answer, "other": answer}) as server:
        Path("evolve.toml").write_text(FILE.format(base=server.base))
        code, out, err = evolve("run", TOY, "-n", 2)
        assert code == 0 and "options from evolve.toml: model, api-base" in out, err
        last = server.asked[-1]
        assert last.body["max_tokens"] == 500 and last.body["top_k"] == 20 and last.body["nested"] == {"a": [1, 2]}
        assert last.headers["x-team"] == "optim"
        assert evolve("run", TOY, "-n", 1, "--config", "/dev/null", "--proposer", "builtin")[0] == 0
    with Store(Path("runs"), write=False) as store:
        plain, first = (row.options for row in store.runs())
    assert (first.candidates, first.models, first.answer_tokens) == (2, ("m=2", "other=1"), 500)
    assert plain.proposer == "builtin" and plain.answer_tokens is None


@pytest.mark.parametrize(
    ("text", "named", "told"),
    [
        ("modell = 'm'", False, "evolve.toml: unknown option 'modell'; the nearest known one is 'model'"),
        ("candidates = 'many'", False, 'evolve.toml: candidates = "many"'),
        ("candidates = [1, 2]", False, "evolve.toml: candidates = [1, 2]"),
        ("json = 3", False, "evolve.toml: json = 3"),
        ("a = ", False, "evolve.toml: Invalid value (at"),
        ("allow-unsafe = true", False, "allow-unsafe is not taken from a file that was only found; name it: --config evolve.toml"),
        ("strategy = 'mine.py:Mine'", False, "strategy is not taken from a file that was only found"),
        ("proposer = 'agent:sh -c date'", False, "proposer is not taken from a file that was only found"),
        ("proposer = 'builtin*0.5 + mine.py:Mine*0.5'", False, "proposer is not taken from a file that was only found"),
        ("model = ['good', 'local:/tmp/x.gguf=0.5']", False, "model is not taken from a file that was only found"),
        ("header = 'X-Team: $TEAM_PASS'\nmodel = 'm'\napi-base = 'http://127.0.0.1:9/v1'", False, "TEAM_PASS"),
        ("", True, "--config missing.toml cannot be read: No such file"),
    ],
)
def test_a_file_with_a_fault_is_one_clear_line(
    evolve,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    named: bool,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evolve.toml").write_text(text)
    code, out, err = evolve("run", TOY, *(["--config", "missing.toml"] if named else []))
    refused((code, out.replace("options from evolve.toml: header, model, api-base\n", ""), err), told)


def test_a_file_that_was_only_found_sends_no_key(
    evolve,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    heard: tuple[str, list[str]],  # noqa: F811
) -> None:
    base, sent = heard
    monkeypatch.chdir(tmp_path)
    key = f"canary-{'OPENAI_API_KEY'.lower()}-5e1f"
    options = {"model": "m", "api-base": base, "candidates": 1, "tune-trials": 0, "workers": 1}
    Path("evolve.toml").write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in options.items()))
    assert evolve("run", TOY)[0] == 0 and sent and not any(key in text for text in sent)
    sent.clear()
    assert evolve("run", TOY, "--config", "evolve.toml")[0] == 0 and all(key in text for text in sent)


def test_what_a_record_says_of_fallbacks_headers_and_prices_is_not_used_unless_it_is_ones_own(
    evolve,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.integration.test_trust import change, stranger

    runs = tmp_path / "runs"
    stranger(runs, TOY, monkeypatch)
    with serve({"m": answer}) as server:
        recorded = {"proposer": "litellm", "models": ["m"], "api_base": server.base, "fallbacks": [f"n@{server.base}"],
                    "headers": ["X-A: b"], "extra_body": {"a": 1}, "prices": ["0/0"], "candidates": 5}  # fmt: skip
        change(runs, recorded)
        wanted = ("--fallback n@", "--header 'X-A: b'", "--price 0/0", """--extra-body '{"a": 1}'""")
        refused(evolve("resume", "latest", "--runs", runs), "was not started from here", *wanted)
        assert not server.asked
        assert evolve("resume", "latest", "-n", 5, "--model", "m", "--api-base", server.base, "--runs", runs)[0] == 0
        assert all("x-a" not in asked.headers and "a" not in asked.body for asked in server.asked) and server.asked
