"""Pages of a run of a foreign task: scores, and the label beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.foreign import PROGRAM, task
from tests.ui.conftest import Open
from workbench.model import Candidate, Program, Report, Split, Status
from workbench.model import InstanceResult as Result
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.store import Store
from workbench.values import NOT_VERIFIED


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A runs folder with a run of a task: an initial program with a score of 4, and one with 6.5."""
    loaded = catalog.load(task(tmp_path / "numbers"))
    catalog.vouch(loaded)
    with Store(tmp_path / "runs") as store:
        store.create_run("numbers-1", problem=loaded.slug, folder=str(loaded.folder), version=loaded.version,
                         options=RunOptions(candidates=1), proposer="no LLM", isolation="full")  # fmt: skip
        for number, score in enumerate((4.0, 6.5)):
            program = Program(PROGRAM.replace("2.0", f"2.{number}"), "run")
            parents, operator = ((0,), "constant") if number else ((), "seed")
            made = Candidate(number, Status.OK, program, operator, parents, None, -score, {"task": -score}, (-score,))
            for split in (Split.TRAIN, Split.VALIDATION):
                result = Result("evaluation", "task", Status.OK, -score, score, 0.0, {"combined_score": score})
                report = Report(split, Status.OK, -score, {"task": -score}, (result,))
                if split is Split.TRAIN:
                    store.add_candidate("numbers-1", made, report=report, fingerprint=str(number))
                else:
                    store.add_score("numbers-1", number, report)
        store.set_champion("numbers-1", 1)
        store.end_run("numbers-1", "done", "", 3.0)
    return tmp_path / "runs"


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("run", {"run": "numbers-1"}),
        ("run", {"run": "numbers-1", "tab": "Programs"}),
        ("run", {"run": "numbers-1", "tab": "Lineage"}),
        ("program", {"run": "numbers-1", "n": "1"}),
        ("program", {"run": "numbers-1", "n": "1", "tab": "Lineage"}),
        ("program", {"run": "numbers-1", "n": "1", "tab": "Instances"}),
    ],
)
def test_pages_show_scores_with_their_label(page: str, query: dict[str, str], runs: Path, open_page: Open) -> None:
    app = open_page(runs, page, **query)
    assert not app.exception
    text = " ".join([*(str(h.proto.body) for h in app.get("html")), *(c.value for c in app.caption)])
    assert NOT_VERIFIED in text.lower()
    assert "6.5" in text
    assert "650%" not in text and "train gap" not in text


def test_the_list_has_the_score_and_no_gap(runs: Path, open_page: Open) -> None:
    app = open_page(runs, "runs")
    assert not app.exception
    row = app.dataframe[0].value.iloc[0]
    assert row["score"] == "6.5 (not verified)" and row["verdict"] == NOT_VERIFIED
    assert row.get("gap") is None or row["gap"] != row["gap"]


@pytest.mark.parametrize(("page", "query"), [("problems", {}), ("playground", {}), ("compare", {"p": "numbers-1:1"})])
def test_pages_about_verified_problems_leave_tasks_out(page: str, query: dict[str, str], runs: Path, open_page: Open) -> None:
    app = open_page(runs, page, **query)
    assert not app.exception
    offered = [option for box in app.selectbox for option in box.options]
    assert not any(option.startswith("unverified/") for option in offered)
