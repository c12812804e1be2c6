"""Compare, Problems, Playground, Settings & cost: every state, and whatever the URL may hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.conftest import NASTY, Open
from tests.ui.test_pages import sound, words
from ui import actions
from workbench import catalog
from workbench.errors import UsageError
from workbench.model import Split
from workbench.store import Store


def test_compare_on_an_empty_folder_says_how_to_begin(tmp_path: Path, open_page: Open) -> None:
    app = open_page(tmp_path, "compare")
    sound(app)
    assert "Run the demo" in [b.label for b in app.button]


def test_compare_pairs_champions_with_every_baseline(folder: Path, open_page: Open) -> None:
    with Store(folder, write=False) as store:
        champion = store.run("done")["champion"]
    app = open_page(folder, "compare", p=["done", "plain"], below="What differs in the runs")
    sound(app)
    assert app.multiselect[0].value[0] == f"done:{champion}" and len(app.multiselect[0].value) == 2
    said = words(app)
    assert "the yardstick" in said and f"program?run=done&n={champion}" in said and ">better<" in said
    assert "&lt;script&gt;" in said  # the proposer's name, where the runs differ
    assert app.selectbox(key="base").value == "square"
    app.selectbox(key="base").set_value("line").run()
    sound(app)
    assert "Paired difference to line" in words(app)
    assert app.query_params["p"] == [f"done:{champion}", app.multiselect[0].value[1]]


def test_compare_shows_two_sources_side_by_side(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "compare", p=["done:0", "done:1"], split="train", colour="Gap", below="Code")
    sound(app)
    assert 'table class="diff"' in words(app)


@pytest.mark.parametrize(
    ("programs", "said"),
    [
        (["nope"], "There is no run nope"),
        ([f"{NASTY}:1"], "There is no run"),
        (["done:x"], "names no program"),
        (["done", "done:99999"], "99999"),
        (["done", "nope:1"], "There is no run nope"),
    ],
)
def test_what_compare_cannot_find_is_told_in_one_line(folder: Path, open_page: Open, programs: list[str], said: str) -> None:
    app = open_page(folder, "compare", p=programs)
    sound(app)
    assert said in app.error[0].value.replace("\\", "") and "<script>" not in app.error[0].value
    if programs[0] == "done":
        assert "the yardstick" in words(app), "the rest is still compared"


@pytest.mark.parametrize("tab", ["Statement", "Instances", "Baselines", "Programs"])
def test_problems_shows_every_tab(folder: Path, open_page: Open, tab: str) -> None:
    app = open_page(folder, "problems", problem="tests/wide", tab=tab)
    sound(app)
    assert "Champion so far" in words(app)


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


def test_the_playground_scores_a_program_and_pairs_it_with_the_best_rule(folder: Path, open_page: Open) -> None:
    app = open_page(folder, "playground", problem="tests/wide", source="square", split="train")
    sound(app)
    next(b for b in app.button if b.label == "Evaluate").click().run()
    sound(app)
    said = words(app)
    assert "Against square" in said and "95 % interval of the paired bootstrap" in said
    assert len(app.dataframe[0].value) == 12


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"problem": NASTY}, "There is no problem"),
        ({"problem": "tests/wide", "source": f"{NASTY}:1"}, "neither a program"),
        ({"problem": "tests/wide", "source": "done:99999"}, "has no program 99999"),
    ],
)
def test_what_the_playground_cannot_find_is_told_in_one_line(
    folder: Path, open_page: Open, query: dict[str, str], said: str
) -> None:
    app = open_page(folder, "playground", **query)
    sound(app)
    assert said in app.error[0].value.replace("\\", "") and "<script>" not in app.error[0].value


def test_a_crash_names_its_line_and_a_broken_program_says_why(wide: catalog.LoadedProblem) -> None:
    made = actions.evaluate(wide.folder, "def f(x, a):\n    b = 0\n    return a / b\n", "train")
    assert made["status"] == "crash" and "(line 3" in made["message"]
    with pytest.raises(UsageError, match=r"^This is no program for tests/wide: SyntaxError.*\(line 2\)"):
        actions.evaluate(wide.folder, "def f(x, a):\n    return a +\n", "train")


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
    app = open_page(tmp_path, "settings", tab="Set-up")
    sound(app)
    said = words(app)
    assert "1 of 2" in said and "To look at" in said and "&lt;script&gt;" in said
    app = open_page(tmp_path, "settings", tab="Cost")
    sound(app)
    assert "No model has been called" in words(app)
