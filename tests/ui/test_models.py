"""Forms that start and resume runs with models: what is typed reaches the command, and its cost is estimated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import Open
from tests.ui.test_pages import sound, words
from workbench.cli.run import resume_
from workbench.store import Store

pytest.importorskip("streamlit")
from ui import actions, parts


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pages would start."""
    found: list[list[str]] = []

    def start(runs: Path, command: str, options: Sequence[str] = (), *arguments: str) -> Any:
        found.append([command, *options, *arguments])
        raise actions.UsageError("not started")

    monkeypatch.setattr(actions, "spawn", start)
    return found


def form() -> None:
    """The fields of a new run, and what they come to."""
    import streamlit as st

    from ui import models

    asked = models.ask("new")
    st.session_state["asked"] = asked
    st.caption(models.estimate(None, asked, 10))
    st.button("Start", key="start", disabled=not models.can_hold(asked, st.number_input("Dollars", 0.0, key="usd")))


def choice() -> None:
    """The choice of a new run's proposers."""
    import streamlit as st

    from ui import models

    st.session_state["chosen"] = models.proposer()


def test_a_new_run_can_have_several_proposers() -> None:
    app = AppTest.from_function(choice).run()
    assert app.session_state["chosen"][1] == "builtin"
    app.segmented_control(key="new-proposer").set_value("Several, or others").run()
    assert app.session_state["chosen"][1] == ""
    app.text_input(key="new-others").input(" local*0.5 + builtin*0.5").run()
    assert app.session_state["chosen"] == ("Several, or others", "local*0.5 + builtin*0.5") and not app.exception


def test_a_limit_in_dollars_needs_the_price_of_the_models() -> None:
    app = AppTest.from_function(form).run()
    app.text_input(key="new-models").input("mine").run()
    assert not app.button(key="start").disabled
    app.number_input(key="usd").set_value(2.0).run()
    assert app.button(key="start").disabled and "needs the price of 'mine'" in words(app)
    app.text_input(key="new-price").input("1/4").run()
    assert not app.button(key="start").disabled and not app.exception


def test_a_new_run_asks_models_as_its_form_says(tmp_path: Path, commands: list[list[str]]) -> None:
    app = AppTest.from_function(form).run()
    assert "Enter at least one model" in words(app)
    app.text_input(key="new-models").input("first=3, second").run()
    assert "no price of first, second is known" in words(app)
    app.text_input(key="new-price").input("first=cheap").run()
    assert "takes IN/OUT or MODEL=IN/OUT" in words(app)
    app.text_input(key="new-price").input("first=2/8, 1/4").run()
    assert "answers at most $1.31, at 16,384 tokens each" in words(app)
    for key, text in (("base", "http://127.0.0.1:1/v1"), ("fallbacks", "b, c@http://127.0.0.1:2/v1"), ("effort", "low")):
        app.text_input(key=f"new-{key}").input(text)
    app.text_area(key="new-headers").input("X-A: b\nX-C: d")
    app.text_area(key="new-body").input('{"top_k": 20, "stop": ["a", "b"]}')
    app.number_input(key="new-answer").set_value(500).run()
    assert not app.exception and "answers at most $0.0400, at 500 tokens each" in words(app)
    asked = app.session_state["asked"]
    with pytest.raises(actions.UsageError):
        actions.start_run(tmp_path, "tests/curve", asked.options)
    assert commands == [[
        "run", "--no-endpoint-key", "--config=/dev/null", "--model=first=3", "--model=second", "--api-base=http://127.0.0.1:1/v1",
        "--fallback=b", "--fallback=c@http://127.0.0.1:2/v1", "--price=first=2/8", "--price=1/4", "--reasoning-effort=low",
        '--extra-body={"top_k": 20, "stop": ["a", "b"]}', "--header=X-A: b", "--header=X-C: d", "--answer-tokens=500",
        "tests/curve",
    ]]  # fmt: skip
    assert asked.models == (("first", 3.0), ("second", 1.0)) and asked.base == "http://127.0.0.1:1/v1"


def test_a_run_is_resumed_with_other_models_endpoint_and_budgets(folder: Path, open_page: Open, commands: list[list[str]]) -> None:
    app = open_page(folder, "run", run="done")
    with Store(folder, write=False) as store:
        recorded = store.run("done").options
    app.button(key="resume").click().run()
    assert app.text_input(key="resume-models").value == ", ".join(recorded.models)
    app.button(key="resume").click()  # a dialog is open in the run of its button alone, for AppTest
    app.button(key="go-on").click().run()
    assert commands.pop() == ["resume", "--no-endpoint-key", f"--candidates={recorded.candidates + 100}", "done"]
    app.text_input(key="resume-models").input("other=2, third")
    app.text_input(key="resume-base").input("http://127.0.0.1:1/v1")
    app.number_input(key="budget-usd").set_value(7.5)
    app.number_input(key="budget-tokens").set_value(1000)
    app.number_input(key="budget-minutes").set_value(3.0)
    app.button(key="resume").click()
    app.button(key="go-on").click().run()
    wanted = {"--model=other=2", "--model=third", "--api-base=http://127.0.0.1:1/v1", "--max-usd=7.5", "--max-tokens=1000",
              "--max-minutes=3.0"}  # fmt: skip
    assert wanted <= set(commands.pop())


def test_what_the_command_line_can_resume_with_the_form_can_too() -> None:
    app = AppTest.from_function(resumed).run()
    assert app.session_state["options"] == ["--candidates=200"], "nothing is given again that has not changed"
    for kind, text in (("text_input", "a, b=2"), ("text_area", '{"k": 1}')):
        for box in getattr(app, kind):
            box.input("1/2" if box.key.endswith("price") else "builtin" if box.key.endswith("proposer") else text)
    for box in app.number_input:
        box.set_value(2.0 if box.key.endswith("temperature") else 77)
    for box in app.selectbox:
        box.set_value(box.options[0].partition(":")[0])
    app.run()
    assert not app.exception
    flags = {option.partition("=")[0] for option in app.session_state["options"]}
    command = typer.Typer(add_completion=False)
    command.command()(resume_)
    known = {p.opts[0] for p in typer.main.get_command(command).params if p.param_type_name == "option"} - {"--help"}
    assert known - flags == {"--runs", "--json", "--endpoint-key", "--allow-unsafe", "--isolation"} and not flags - known


def resumed() -> None:
    """The fields of a run that is resumed, and what they come to."""
    import streamlit as st

    from ui import models
    from workbench.options import RunOptions

    st.session_state["options"] = models.resume_options(RunOptions(proposer="litellm", strategy="greedy"), more=0)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("total", "scheduling/total_tardiness"), ("TARD", "scheduling/total_tardiness"), ("job_shop", "scheduling/job_shop"),
        ("scheduling/w", "scheduling/weighted_tardiness"), ("run-2026:57", "run-2026:57"), ("2026", "run-2026:57"),
        ("run-2026:5", "run-2026:5"), ("/a/folder", "/a/folder"), (" ", " "),
    ],
)  # fmt: skip
def test_a_part_of_a_name_stands_for_it(typed: str, meant: str) -> None:
    options = ["scheduling/flexible_job_shop", "scheduling/job_shop", "scheduling/total_tardiness", "scheduling/weighted_tardiness",
               "run-2026:57"]  # fmt: skip
    assert parts.matching(typed, options) == meant


def test_a_paused_run_says_why(live: Path, open_page: Open) -> None:
    with Store(live) as store:
        store.heartbeat("live", active_seconds=2.0, status="paused", message="unreachable: start the server")
    app = open_page(live, "run", run="live")
    sound(app)
    assert "unreachable: start the server" in app.error[0].value.replace("\\", "")
