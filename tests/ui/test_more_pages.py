"""Compare, Problems, Playground, Settings & cost: every state, and whatever the URL may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ui.conftest import NASTY, Open
from tests.ui.test_pages import sound, words
from ui import actions
from workbench.errors import UsageError
from workbench.model import Split
from workbench.problem import catalog
from workbench.problem.shipped import exhibit
from workbench.store import Store

PAGES = ("runs", "run", "program", "compare", "problems", "playground", "settings")


@pytest.mark.parametrize("run", ["done", "plain", "failed", "abandoned", "barren"])
@pytest.mark.parametrize("page", ["run", "program", "compare"])
def test_every_page_of_a_run_stands_in_every_state(folder: Path, open_page: Open, page: str, run: str) -> None:
    app = open_page(folder, page, **({"p": [run]} if page == "compare" else {"run": run}))
    sound(app)
    assert not app.error or run in ("failed", "abandoned")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_stands_beside_a_live_run(live: Path, open_page: Open, page: str) -> None:
    sound(open_page(live, page))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_stands_in_an_empty_folder(tmp_path: Path, open_page: Open, page: str) -> None:
    sound(open_page(tmp_path, page))


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("program", {"run": "done", "tab": "Code"}), ("program", {"run": "done", "tab": "Prompt & response"}),
        ("program", {"run": "done", "tab": "Diff", "against": "start"}), ("problems", {"problem": "tests/wide"}),
        ("problems", {"problem": "tests/wide", "tab": "Baselines"}), ("playground", {"problem": "tests/wide"}),
    ],
)  # fmt: skip
def test_markup_in_programs_prompts_and_names_is_text(folder: Path, open_page: Open, page: str, query: dict[str, str]) -> None:
    app = open_page(folder, page, **query)
    sound(app)
    # Streamlit's own elements take text as text; what is HTML here must have been escaped.
    raw = "\n".join([*(e.value for e in app.code), *(e.value for e in app.markdown)])
    escaped = "\n".join(e.proto.body for e in app.get("html"))
    assert NASTY in raw or "&lt;script&gt;" in escaped or page == "playground"
    assert not any(e.allow_html for e in app.markdown)


def test_compare_on_an_empty_folder_says_how_to_begin(tmp_path: Path, open_page: Open) -> None:
    app = open_page(tmp_path, "compare")
    sound(app)
    assert "Run the demo" in [b.label for b in app.button]


def test_compare_pairs_champions_with_every_baseline(folder: Path, open_page: Open) -> None:
    with Store(folder, write=False) as store:
        champion = store.run("done").champion
    app = open_page(folder, "compare", p=["done", "plain"], below="Run settings")
    sound(app)
    assert app.multiselect[0].value[0] == f"done:{champion}" and len(app.multiselect[0].value) == 2
    said = words(app)
    assert "compared against" in said and f"program?run=done&amp;n={champion}" in said and ">better<" in said
    assert "&lt;script&gt;" in said  # the proposer's name, where the runs differ
    assert app.selectbox(key="base").value == "square"
    app.selectbox(key="base").set_value("line").run()
    sound(app)
    assert "Paired difference to line" in words(app)
    app.session_state["below"] = "Code"
    app.session_state["colour"] = "Gap"
    app.run()
    sound(app)
    assert 'table class="diff' in words(app)
    assert app.query_params["p"] == [f"done:{champion}", app.multiselect[0].value[1]]


def test_compare_sets_quality_beside_dollars_where_any_were_paid(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "compare", p=["done", "plain"], price="dollars")
    sound(app)
    drawn = " ".join(chart.proto.spec for chart in app.get("vega_lite_chart"))
    assert "Dollars spent on models" in drawn and "Milliseconds an instance" not in drawn
    app = open_page(folder, "compare", p=["plain"], price="dollars")
    sound(app)
    assert "None of these runs has paid" in words(app)


def test_what_compare_cannot_find_is_told_a_line_each_and_the_rest_compared(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "compare", p=["done", "done:99999", f"{NASTY}:1", "done:x"])
    sound(app)
    told = [e.value.replace("\\", "") for e in app.error]
    assert len(told) == 3 and "99999" in told[0] and "There is no run" in told[1] and "names no program" in told[2]
    assert all("<script>" not in e.value for e in app.error)
    assert "compared against" in words(app)


def test_compare_says_that_the_run_of_its_first_program_is_unknown(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "compare", p=["nope:3"])
    sound(app)
    assert "There is no run nope" in app.error[0].value and not app.multiselect


def test_problems_shows_every_tab(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "problems", problem="tests/wide")
    for tab, said in {
        "Statement": "a secret curve",
        "Instances": "12 instances",
        "Baselines": "Bold",
        "Programs": "def f(",
    }.items():
        app.session_state["tab"] = tab
        app.run()
        sound(app)
        assert said in words(app).replace("\\", ""), tab


def test_problems_shows_the_heuristic_that_ships_with_its_verdict(tmp_path: Path, open_page: Open) -> None:
    found = exhibit("load_balancing/gpu_cluster")
    assert found is not None
    app = open_page(tmp_path, "problems", problem=found.problem)
    sound(app)
    said = words(app)
    assert found.verdict in said and str(found.finder) in said and f"{found.certificate.gaps[Split.TEST]:.2%}"[:4] in said


def test_problems_needs_no_run_and_never_lists_the_sealed_split(tmp_path: Path, open_page: Open) -> None:
    app = open_page(tmp_path, "problems", problem="scheduling/total_tardiness", tab="Instances", split="test")
    sound(app)
    assert "no run in this folder" in words(app)
    sealed = {i.id for i in catalog.load("scheduling/total_tardiness").instances(Split.TEST)}
    assert not sealed & set(app.dataframe[0].value["instance"])


def test_an_unknown_problem_is_told_in_one_line(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "problems", problem=NASTY)
    sound(app)
    assert "There is no problem" in app.error[0].value and "<script>" not in app.error[0].value


class Told:
    """An evaluation that has come as far as a test says; `made` is its end, None while there is none."""

    def __init__(self, rows: list[dict[str, Any]], made: dict[str, Any] | None, wrong: str = "") -> None:
        self.rows, self.made, self.wrong, self.stopped = rows, made, wrong, False

    def ended(self) -> bool:
        return self.made is not None or self.stopped

    def results(self) -> list[dict[str, Any]]:
        return self.rows

    def outcome(self) -> dict[str, Any]:
        if self.wrong:
            raise UsageError(self.wrong)
        if self.made is None:
            raise UsageError("The evaluation was stopped.")
        return self.made

    def stop(self) -> None:
        self.stopped = True


def scored(wide: catalog.LoadedProblem, split: Split = Split.TRAIN) -> list[dict[str, Any]]:
    """What `evolve eval --each` says of a program that is close to the references everywhere."""
    known = {"status": "ok", "gap": 0.01, "message": "", "objective": None, "reference": 10.0, "cpu_seconds": 0.001}
    return [{"id": i.id, "family": i.family, **known} for i in wide.instances(split)]


def press(app: Any, label: str) -> None:
    """Click a button by its label."""
    next(b for b in app.button if b.label == label).click().run()


def test_the_playground_pairs_a_valid_program_with_the_best_rule_and_shows_where_another_fails(
    folder: Path, wide: catalog.LoadedProblem, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = scored(wide)
    bad = [{**good[0], "status": "crash", "gap": 2.0, "message": "ZeroDivisionError (line 2)"}]
    made = {"status": "ok", "gap": 0.01, "message": "", "seconds": 0.1, "isolation": "full", "printed": "", "instances": good}
    monkeypatch.setattr(actions, "evaluate", lambda *_: Told(good, made))
    app = open_page(folder, "playground", problem="tests/wide", source="square", split="train")
    press(app, "Evaluate")
    app.run()
    sound(app)
    assert "Against square" in words(app) and "paired bootstrap, 95% CI" in words(app)
    assert len(app.dataframe[0].value) == 12
    made |= {"status": "crash", "message": bad[0]["message"], "instances": bad}
    press(app, "Evaluate")
    app.run()
    sound(app)
    assert "ZeroDivisionError" in app.error[0].value and '<td class="no">2</td><td class="old">' in words(app)
    monkeypatch.setattr(actions, "evaluate", lambda *_: Told([], made, "This is no program: line 1 imports 'os'"))
    press(app, "Evaluate")
    app.run()
    sound(app)
    assert '<td class="no">1</td><td class="old">' in words(app)


def test_results_appear_in_the_playground_one_by_one_and_can_be_stopped(
    folder: Path, wide: catalog.LoadedProblem, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = scored(wide)
    going = Told([], None)
    monkeypatch.setattr(actions, "evaluate", lambda *_: going)
    app = open_page(folder, "playground", problem="tests/wide", source="square", split="train")
    press(app, "Evaluate")
    sound(app)
    assert not app.dataframe and next(b for b in app.button if b.label == "Evaluate").disabled
    going.rows = [*rows[:2], {**rows[2], "status": "crash", "message": f"{NASTY} (line 1)"}]
    app.run()
    sound(app)
    assert len(app.dataframe[0].value) == 3 and "<script>" not in app.error[0].value
    assert '<td class="no">1</td><td class="old">' in words(app), "the failing line is shown before the end"
    press(app, "Stop")
    app.run()
    sound(app)
    assert "was stopped" in app.error[0].value and not next(b for b in app.button if b.label == "Evaluate").disabled


def test_the_playground_says_what_it_cannot_find_and_offers_the_start(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "playground", problem="tests/wide", source=f"{NASTY}:1")
    sound(app)
    assert "is not a program of" in app.error[0].value and "<script>" not in app.error[0].value
    assert "Evaluate" in [b.label for b in app.button]


def test_a_crash_names_its_line_and_a_broken_program_says_why(wide: catalog.LoadedProblem) -> None:
    crash, broken, endless = (
        actions.evaluate(wide.folder, source, "train")
        for source in (
            "def f(x, a):\n    b = 0\n    return a / b\n",
            "def f(x, a):\n    return a +\n",
            "def f(x, a):\n    while True:\n        pass\n",
        )
    )
    made = crash.outcome()
    assert made["status"] == "crash" and "(line 3" in made["message"]
    assert [r["id"] for r in crash.results()] == [i.id for i in wide.instances(Split.TRAIN)], "a line each, before the last"
    with pytest.raises(UsageError, match=r"^This is not a valid program for tests/wide: SyntaxError.*\(line 2\)"):
        broken.outcome()
    endless.stop()
    with pytest.raises(UsageError, match="was stopped"):
        endless.outcome()


def test_cost_adds_up_over_models_and_runs(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "settings")
    sound(app)
    said = words(app)
    assert "provider/large" in said and "every call has a price" in said and "run?run=done" in said
    assert "run?run=plain" not in said, "a run without a model has no cost"


def test_settings_tell_the_state_of_the_machine_before_the_first_run(
    tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = [{"name": "isolation", "ok": False, "detail": f"none: {NASTY}"}, {"name": "numpy", "ok": True, "detail": "2.1"}]
    monkeypatch.setattr(actions, "doctor", lambda _: {"ok": False, "isolation": "none", "checks": checks})
    app = open_page(tmp_path, "settings")
    sound(app)
    assert "No model calls" in words(app)
    app.session_state["tab"] = "Setup"
    app.run()
    sound(app)
    said = words(app)
    assert "1 of 2" in said and "**Failed**" in said and "&lt;script&gt;" in said
