"""A model that the run starts itself: its file, its process, and the line where one of them is missing."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.benchmarks.kills import below
from tests.conftest import TOY
from tests.integration.silent import Silent
from tests.sandbox.test_lifecycle import alive, eventually
from workbench.errors import ModelError, UsageError
from workbench.loop import start
from workbench.model import Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.proposers import local_model, make, providers
from workbench.proposers.prompt import style_for
from workbench.store import Reader

STANDING_IN = '''
"""Behaves as the package: a server in this process that answers chats."""
import time
from types import SimpleNamespace


class CommonParams:
    def __init__(self):
        self.model = SimpleNamespace(path="")
        self.cpuparams, self.cpuparams_batch = SimpleNamespace(n_threads=-1, poll=50), SimpleNamespace(n_threads=-1, poll=50)
        self.api_keys = []


class Server:
    def __init__(self, params):
        assert params.api_keys and params.hostnames == ["127.0.0.1"], "its port is for nobody else"
        if "broken" in open(params.model.path).read():
            raise RuntimeError("not a GGUF file")
        self.answers = 0

    def handle_chat_completions(self, body):
        if "slow" in body:
            time.sleep(600)
        system, user = body["messages"]
        if len(user["content"]) > 200_000:
            return {"error": {"type": "exceed_context_size_error", "message": "too many tokens"}}
        self.answers += 1
        text = f"```python\\ndef f(x, a):\\n    return a * x + {self.answers}\\n```"
        choice = {"message": {"content": text}, "finish_reason": "stop"}
        return {"choices": [choice], "usage": {"prompt_tokens": 40, "completion_tokens": body["max_tokens"] - 600}}
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in place of llama.cpp, for this process and those that it starts, and a file in place of a model."""
    place = tmp_path / "packages"
    place.mkdir()
    (place / "xllamacpp.py").write_text(STANDING_IN)
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(place), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delitem(sys.modules, "xllamacpp", raising=False)
    file = tmp_path / "tiny-1b.gguf"
    file.write_text("weights")
    return file


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVOLVE_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return tmp_path / "models"


def options(model: str, **others: object) -> RunOptions:
    return RunOptions(proposer="litellm", models=(model,), workers=1, tune_trials=0, **others)  # type: ignore[arg-type]


def test_a_run_starts_its_model_and_ends_it(tmp_path: Path, package: Path) -> None:
    outcome = start.begin(catalog.load(TOY), options(f"local:{package}", candidates=3), tmp_path / "runs", Silent())
    with Reader(tmp_path / "runs") as store:
        calls = [c.call for c in store.calls(outcome.run) if c.number >= 0]
    assert len(calls) == 3 and {c.model for c in calls} == {f"local:{package}"}
    assert {(c.cost_usd, c.tokens_in, c.tokens_out) for c in calls} == {(0.0, 40, 40)}, "640 tokens are asked for, and it is free"
    assert outcome.cost_usd == 0.0 and outcome.valid == 3
    assert not [p for p, command in below(os.getpid()).items() if str(package) in command], "it ended with the run"


def test_it_ends_with_a_run_that_is_killed(tmp_path: Path, package: Path) -> None:
    command = [sys.executable, "-m", "workbench.cli", "run", str(TOY), "--model", f"local:{package}", "--extra-body", '{"slow": 1}']
    parent = subprocess.Popen(
        [*command, "--runs", str(tmp_path / "runs")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        found: list[int] = []
        until = time.monotonic() + 120
        while not found and time.monotonic() < until:
            time.sleep(0.05)
            found = [p for p, c in below(parent.pid).items() if str(package) in c and "gateway" in c]
        assert found, "the model has a process of its own"
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    assert eventually(lambda: not alive(found[0]))


@pytest.mark.parametrize(
    ("content", "says"), [("broken", "cannot be loaded: not a GGUF file"), (None, "there is no file")], ids=["no model", "no file"]
)
def test_a_file_that_cannot_be_used_is_told_before_the_run(tmp_path: Path, package: Path, content: str | None, says: str) -> None:
    file = tmp_path / "other.gguf"
    if content:
        file.write_text(content)
    with pytest.raises(ModelError, match=says):
        start.begin(catalog.load(TOY), options(f"local:{file}"), tmp_path / "runs", Silent())


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, empty_cache: Path) -> None:
    monkeypatch.setattr(local_model, "installed", lambda: False)
    with pytest.raises(UsageError, match=r"^--model local needs the package xllamacpp: pip install 'evolve-workbench\[local\]'$"):
        make(options("local"))
    assert "not installed" in local_model.status()
    assert providers.detect({}, ()).name == "builtin"


def test_where_no_model_hub_can_be_reached_one_line_says_where_to_put_the_file(package: Path, empty_cache: Path) -> None:
    with pytest.raises(ModelError) as raised:
        local_model.ready("local")
    line = str(raised.value)
    assert "\n" not in line and str(empty_cache) in line and local_model.FILE in line and local_model.SHA256 in line
    assert "HF_HUB_OFFLINE is set" in line and "--model local:/path/to.gguf" in line


def test_only_the_very_model_is_taken_from_the_cache(package: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty_cache.mkdir()
    (empty_cache / local_model.FILE).write_text("another")
    assert not local_model.at_hand() and "is not the model" in local_model.status()
    with pytest.raises(ModelError, match="its SHA-256 is"):
        local_model.ready("local")
    monkeypatch.setattr(local_model, "SHA256", hashlib.sha256(b"another").hexdigest())
    monkeypatch.setattr(local_model, "BYTES", len("another"))
    assert local_model.ready("local") == empty_cache / local_model.FILE
    chosen = providers.detect({}, ())
    assert (chosen.name, chosen.models) == ("litellm", ("local",)) and "on this machine" in chosen.why
    assert providers.detect({"OPENAI_API_KEY": "k" * 20}, ()).models == ("openai/gpt-5-mini",), "a key comes first"


@pytest.mark.parametrize(
    ("model", "style"), [("local", "block"), ("local:/m/a-3b-q4.gguf", "block"), ("local:/7b/a-32b.gguf", "full")]
)
def test_a_small_local_model_is_asked_as_weak_models_are(model: str, style: str) -> None:
    assert style_for(model) == style


@pytest.mark.model
@pytest.mark.skipif(not local_model.at_hand(), reason="the local model is not on this machine")
def test_the_real_model_answers_in_a_run(tmp_path: Path) -> None:
    outcome = start.begin(catalog.load("prism"), options("local", candidates=2), tmp_path / "runs", Silent())
    with Reader(tmp_path / "runs") as store:
        calls = [c.call for c in store.calls(outcome.run) if c.number >= 0]
        rows = [a for a in store.attempts(outcome.run) if a.operator != "seed"]
    assert calls and all(c.text and not c.error and 0 < c.tokens_out <= 2 * 640 for c in calls), calls
    assert len(rows) == 2 and all(a.status is not Status.LLM_ERROR for a in rows)
