"""Compare, Problems, Playground, Settings & cost: every state, and whatever the URL may hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.conftest import NASTY, Open
from tests.ui.test_pages import sound, words
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
