"""Where keys go: a server that keeps every byte it is sent, under a name that is not loopback's."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.integration.model_server import ANSWER
from ui import actions
from workbench.errors import ModelError, UsageError
from workbench.proposers import keys
from workbench.proposers.litellm import LiteLLM
from workbench.proposers.providers import PROVIDERS
from workbench.store import Store

TOY = Path(__file__).parent.parent / "toy"
SECRETS = {name: f"canary-{name.lower()}-5e1f" for name in [p.variable for p in PROVIDERS] + [
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AZURE_API_KEY", "HF_TOKEN", "EVOLVE_UI_TOKEN"]}  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """Answers as a model does and keeps what it was sent."""

    protocol_version = "HTTP/1.1"
    heard: ClassVar[list[str]] = []

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        """A list of one model."""
        self.answer({"data": [{"id": "m"}]})

    def do_POST(self) -> None:
        """A program."""
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ANSWER}}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        self.answer({"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage})

    def answer(self, body: object) -> None:
        """Keep the request, send the body."""
        said = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        type(self).heard.append(f"{self.requestline}\n{self.headers}\n{said}")
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """An endpoint's address and what it was sent, while every provider's key is set. 0.0.0.0 leads here, yet is not loopback."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    for name in [name for name in os.environ if name.endswith(("_BASE_URL", "_API_BASE"))]:
        monkeypatch.delenv(name)
    Handler.heard.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://0.0.0.0:{server.server_address[1]}/v1", Handler.heard
        server.shutdown()


def told(heard: list[str]) -> set[str]:
    """Variables whose keys were sent."""
    return {name for name, value in SECRETS.items() if any(value in text for text in heard)}


def finished(launch: actions.Launch) -> str:
    """What a process that a page began has said when it ended."""
    assert launch.process.wait(120) is not None
    return launch.log.read_text()


def test_an_endpoint_that_nobody_named_here_gets_no_key(tmp_path: Path, heard: tuple[str, list[str]]) -> None:
    base, sent = heard
    options = ["--proposer=litellm", "--candidates=2", "--tune-trials=0", "--workers=1"]
    said = finished(actions.start_run(tmp_path, str(TOY), [*options, "--model=m", "--model=openai/gpt-5", f"--api-base={base}"]))
    with Store(tmp_path, write=False) as store:
        (row,) = store.runs()
    assert row.status == "done" and len(sent) >= 4 and not told(sent), said
    assert "Bearer none" in "".join(sent)
    for more in ([], [f"--api-base={base}"]):
        said = finished(actions.resume(tmp_path, row.id, ["--candidates=3", *more]))
        assert "done" in said and not told(sent), "what is recorded or typed into a page names nothing"
    loopback = base.replace("0.0.0.0", "127.0.0.1")
    finished(actions.start_run(tmp_path, str(TOY), [*options, "--model=m", f"--api-base={loopback}"]))
    assert not told(sent)
    before = len(sent)
    for model in ("anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-flash", "bedrock/x", "vertex_ai/gemini-2.5-pro", "azure/x"):
        said = finished(actions.start_run(tmp_path, str(TOY), [*options, f"--model={model}", f"--api-base={base}"]))
        assert "wants a key and gets none" in said and "--api-base" in said
    assert len(sent) == before, "not even asked without one: a client may find credentials in files"


def test_an_endpoint_that_was_named_gets_the_key_of_the_models_provider_alone(heard: tuple[str, list[str]]) -> None:
    base, sent = heard
    for model, variable in (("m", "OPENAI_API_KEY"), ("openai/gpt-5", "OPENAI_API_KEY"), ("mistral/x", "MISTRAL_API_KEY")):
        sent.clear()
        with contextlib.closing(LiteLLM(model, base)) as made:
            made.check()
        assert told(sent) == {variable}


def test_an_endpoint_that_the_environment_sets_gets_its_providers_key(
    heard: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    base, sent = heard
    monkeypatch.setenv("OPENAI_BASE_URL", base)
    with contextlib.closing(LiteLLM("m", base, named=())) as made:
        made.check()
    assert told(sent) == {"OPENAI_API_KEY"}
    with contextlib.closing(LiteLLM("mistral/x", base, named=())) as made, pytest.raises(ModelError, match="gets none"):
        made.check()


def test_a_file_of_the_folder_names_no_endpoint(
    tmp_path: Path, heard: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    base, sent = heard
    (tmp_path / ".env").write_text(f"OPENAI_BASE_URL={base}\nOPENAI_API_BASE={base}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody outside is asked
    with contextlib.closing(LiteLLM("openai/gpt-5", timeout=2.0, backoff=0.01)) as made, pytest.raises(ModelError):
        made.check()
    assert not sent


@pytest.mark.parametrize(
    ("model", "base", "variable"),
    [
        ("m", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        ("m", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
        ("openai/m", "https://API.MISTRAL.AI:443/v1", "MISTRAL_API_KEY"),
        ("anthropic/m", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        ("m", "http://api.openai.com/v1", None),
        ("m", "https://api.openai.com:444/v1", None),
        ("m", "https://api.openai.com.example.org/v1", None),
        ("m", "https://example.org/api.openai.com/v1", None),
        ("m", "https://xapi.openai.com/v1", None),
        ("m", "http://127.0.0.1:8080/v1", None),
        ("groq/m", "https://openai.proxy.example:8443/v1", None),
        ("m", "https://openai.proxy.example/v1", None),
        ("openai/m", "https://openai.proxy.example:8443/v2", "OPENAI_API_KEY"),
        ("m", "https://openai.proxy.example:8443/v2", "OPENAI_API_KEY"),
    ],
)
def test_which_key_belongs_to_an_endpoint(model: str, base: str, variable: str | None) -> None:
    environ = {"OPENAI_BASE_URL": "https://openai.proxy.example:8443/v1", "GROQ_API_BASE": "nonsense"}
    assert keys.variable_for(model, base, False, environ) == variable


def test_loopback_is_an_address_not_how_a_name_begins() -> None:
    here = ("http://127.0.0.1:1", "http://127.8.9.10/v1", "http://localhost", "http://[::1]:8080/v1", "HTTP://LOCALHOST/")
    assert all(map(keys.is_loopback, here))
    elsewhere = (
        "http://127.0.0.1.example.org",
        "http://127.example.org",
        "http://localhost.example.org",
        "http://0.0.0.0:1",
        "http://1.2.3.4",
    )
    assert not any(map(keys.is_loopback, elsewhere))


@pytest.mark.parametrize(
    "base",
    ["127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://api.openai.com@example.org/v1", "http://example.org\\@127.0.0.1/",
     "http://127.0.0.1 .example.org", "http://127.0.0.1:x/", "file:///etc/passwd", "http://127.0.0.1\n.example.org"],
)  # fmt: skip
def test_an_address_that_programs_read_differently_is_none(base: str) -> None:
    with pytest.raises(UsageError, match="an endpoint is an address like"):
        LiteLLM("m", base)
