"""Every proposer passes the contract for proposers; how one is chosen."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration import model_server
from workbench import proposers
from workbench.errors import UsageError
from workbench.model import Call, Candidate, Program, Prompt, Reply, Selection, Status, Task
from workbench.options import RunOptions
from workbench.prices import parse_models
from workbench.proposers import gateway, providers
from workbench.proposers.builtin import Builtin
from workbench.proposers.litellm import LiteLLM
from workbench.proposers.mixed import Mixed, Part
from workbench.proposers.replay import Replay
from workbench.proposers.scripted import Scripted
from workbench.protocols import Proposer
from workbench.testing import ProposerContract
from workbench.testing.proposers import BRIEF, SOURCE

PARENT = Candidate(0, Status.OK, Program(SOURCE, "f"), "seed", gap=0.5)
TEXT = "```python\ndef f(x, y):\n    return x\n```"


class Canned(gateway.Gateway):
    """A gateway without a process: every model answers with its own name."""

    def call(self, request: gateway.ModelRequest) -> gateway.ModelAnswer:
        return gateway.ModelAnswer(text=f"```python\ndef f(x, y):\n    return x  # {request.model}\n```", tokens_out=5)


class TestBuiltin(ProposerContract):
    make = Builtin


class TestLiteLLM(ProposerContract):
    make = staticmethod(lambda: LiteLLM([("a", 0.7), ("b", 0.3)], "http://127.0.0.1:9/v1", gateway=Canned()))


class TestMixed(ProposerContract):
    make = staticmethod(
        lambda: Mixed([Part("m", 0.5, LiteLLM("m", "http://127.0.0.1:9/v1", gateway=Canned())), Part("b", 0.5, Builtin())])
    )


class TestReplay(ProposerContract):
    make = staticmethod(lambda: Replay(lambda n: Call("m", Prompt("", ""), f"{TEXT}  {n}")))
    replays = True


class TestScripted(ProposerContract):
    make = staticmethod(lambda: Scripted([TEXT] * 100, concurrency=4))


def ready(proposer: Proposer) -> Proposer:
    """As a run has it."""
    proposer.begin(BRIEF, lambda program: False)
    return proposer


def task(number: int) -> Task:
    return Task(number, Selection(PARENT))


def test_models_are_drawn_by_weight() -> None:
    proposer = ready(LiteLLM([("a", 0.8), ("b", 0.2)], "http://127.0.0.1:9/v1", gateway=Canned()))
    drawn = [r.call.model for n in range(400) if (r := proposer.propose(task(n), random.Random(n))).call]
    assert 40 < drawn.count("b") < 120 and proposer.label == "a, b"


def test_scripted_errors_and_exhaustion() -> None:
    proposer = Scripted([TimeoutError("too slow"), TEXT])
    errors = [r.call.error for n in range(3) if (r := proposer.propose(task(n), random.Random(n))).call]
    assert errors == ["TimeoutError: too slow", "", "LookupError: no more scripted replies"]


def test_replay_gives_programs_and_gaps() -> None:
    answers = {1: Program("x = 1", "x"), 2: Reply("edit", "text", call=Call("m", Prompt("", ""), "text"))}
    proposer = Replay(answers.get)
    assert proposer.propose(task(1), random.Random(0)).program == answers[1]
    assert proposer.propose(task(2), random.Random(0)) is answers[2]
    missing = proposer.propose(task(3), random.Random(0)).call
    assert missing is not None and "no answer for attempt 3" in missing.error


# --------------------------------------------------------------------------- choosing


def closed_port() -> str:
    return "http://127.0.0.1:1/v1"


def test_a_key_comes_first_then_a_local_server_then_no_llm() -> None:
    with model_server.serve() as base:
        servers = (providers.Server("Nobody", closed_port()), providers.Server("Ollama", base))
        keyed = providers.detect({"MISTRAL_API_KEY": "k" * 20}, servers)
        assert keyed.models == ("mistral/codestral-latest",) and "MISTRAL_API_KEY" in keyed.why and keyed.api_base is None
        local = providers.detect({"OPENAI_API_KEY": "none"}, servers)
        assert (local.name, local.models, local.api_base) == ("litellm", ("served-model",), base)
        assert "Ollama answers" in local.why and "--proposer builtin" in local.why
    none = providers.detect({}, (providers.Server("Nobody", closed_port()),))
    assert none.name == "builtin" and "--model" in none.why


def test_a_web_page_on_the_port_is_no_model() -> None:
    with model_server.serve() as base:
        assert providers.served(base.removesuffix("/v1") + "/other") == []


def test_auto_is_resolved_to_what_can_be_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposers, "detect", lambda: providers.Choice("litellm", "why", ("m",), "http://h/v1"))
    options, why = proposers.resolve(RunOptions())
    assert (options.proposer, options.models, options.api_base, why) == ("litellm", ("m",), "http://h/v1", "why")
    assert proposers.resolve(RunOptions(models=("x",)))[0].proposer == "litellm"
    assert proposers.resolve(RunOptions(proposer="builtin")) == (RunOptions(proposer="builtin"), "")
    assert proposers.choose() == ("litellm", "why")


def test_an_endpoint_alone_names_its_first_model() -> None:
    with model_server.serve() as base:
        options, why = proposers.resolve(RunOptions(api_base=base))
    assert options.models == ("served-model",) and base in why


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (RunOptions(proposer="litelm"), "did you mean 'litellm'"),
        (RunOptions(proposer="builtin", models=("x",)), "calls no model"),
        (RunOptions(proposer="litellm", api_base=closed_port()), "name one with --model"),
        (RunOptions(proposer="replay:7"), "the recorded run is not available"),
        (RunOptions(proposer="scripted"), "for tests"),
        (RunOptions(proposer="litellm", models=("x=0",)), "weight above 0"),
        (RunOptions(proposer="litellm", models=("x",), style="short"), "full .* or block"),
    ],
)
def test_wrong_use_is_told(options: RunOptions, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        proposers.make(options)


def test_make_by_name() -> None:
    assert isinstance(proposers.make(RunOptions(proposer="builtin")), Builtin)
    made = proposers.make(RunOptions(models=("gpt-5=0.8", "b"), concurrency=3))
    assert isinstance(made, LiteLLM) and made.concurrency == 3 and made.label == "gpt-5, b"
    assert proposers.make(RunOptions(proposer="replay:7"), lookup=lambda n: None).label == "replay:7"


def test_a_proposers_own_options_are_described_set_and_recorded() -> None:
    assert [(o.name, o.default) for o in proposers.describe("builtin").options] == [("bold", 1.0)]
    described = {o.name: o.type for o in proposers.describe("litellm").options}
    assert described == {"backoff": float}, "what every run can set has an option of its own"
    assert {"builtin", "litellm"} <= set(proposers.names()) and proposers.describe("replay").summary
    bold = proposers.make(RunOptions(proposer="builtin", proposer_options={"bold": "2"}))
    _, recorded = proposers.adopt(bold, RunOptions())
    assert recorded == RunOptions(proposer="builtin", proposer_options={"bold": 2.0})
    with pytest.raises(UsageError, match=r"proposer 'builtin' has no option 'shy'; valid options with defaults: bold=1.0"):
        proposers.make(RunOptions(proposer="builtin", proposer_options={"shy": 1}))
    with pytest.raises(UsageError, match="no option 'timeout'"):
        proposers.make(RunOptions(models=("m",), proposer_options={"timeout": 1}))


def test_models_with_weights() -> None:
    assert parse_models(["gpt-5=0.8", "a/b:c", "x=y", ("z", 2)]) == [("gpt-5", 0.8), ("a/b:c", 1.0), ("x=y", 1.0), ("z", 2)]
    assert parse_models("gpt-5") == [("gpt-5", 1.0)]


def test_a_builtin_run_pays_nothing_and_what_calls_a_model_says_so() -> None:
    assert not Builtin().uses_model and Builtin().ordered
    assert LiteLLM("m").uses_model and not LiteLLM("m").ordered
    assert not RunOptions(proposer="builtin").uses_model and not RunOptions(proposer="replay:x").uses_model
    assert RunOptions(proposer="litellm").uses_model


def test_the_models_that_auto_takes_are_known_and_priced() -> None:
    spec = importlib.util.find_spec("litellm")
    assert spec is not None and spec.origin is not None
    prices = json.loads(Path(spec.origin).with_name("model_prices_and_context_window_backup.json").read_text())
    for provider in providers.PROVIDERS:
        entry = prices.get(provider.model) or prices[provider.model.partition("/")[2]]
        assert entry["litellm_provider"] == provider.prefix and entry["output_cost_per_token"] > 0
        assert providers.key_variable(provider.model) == provider.variable


def test_importing_proposers_does_not_import_litellm() -> None:
    names = "__init__ builtin gateway litellm prompt providers replay scripted".split()
    code = (
        "import sys\n" + "\n".join(f"import workbench.proposers.{n}" for n in names[1:]) + "\nassert 'litellm' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
    assert "| litellm" not in done.stderr.replace("workbench.proposers.litellm", "")
