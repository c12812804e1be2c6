"""How a run begins: what can be done at once is done at once and said, and the first attempt is what was asked for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import TOY
from tests.integration.silent import Silent, run
from tests.integration.test_loop import GOOD, scripted
from workbench.errors import ModelError
from workbench.loop import start
from workbench.loop.follow_up import FIRST_TUNING
from workbench.model import Call
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.proposers.scripted import Scripted
from workbench.store import Store


def begin(runs: Path, **options: object) -> Silent:
    display = Silent()
    values = {"proposer": "scripted", "candidates": 2, "workers": 2, "tune_trials": 0} | options
    start.begin(catalog.load(TOY), RunOptions(**values), runs, display)  # type: ignore[arg-type]
    return display


def test_models_are_checked_while_workers_start_and_what_is_under_way_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Scripted = scripted(monkeypatch, GOOD.format(1), GOOD.format(2))
    scored = threading.Event()
    score = start._score_seeds

    def scoring(*arguments: object) -> object:
        scored.set()
        return score(*arguments)  # type: ignore[arg-type]

    def check() -> Sequence[Call]:
        assert scored.wait(120), "initial programs are evaluated only after the check"
        return ()

    monkeypatch.setattr(start, "_score_seeds", scoring)
    monkeypatch.setattr(made, "check", check, raising=False)
    lines = begin(tmp_path).lines
    assert lines[0] == "tests/curve: evaluates 2 initial programs, asks scripted whether it answers, starts 2 workers"
    display = Silent()
    start.resume("latest", tmp_path, display, proposer=made, candidates=3)
    assert display.lines[0].endswith(": reads what is recorded, asks scripted whether it answers, starts 2 workers")


def test_a_model_that_cannot_be_called_ends_the_start_and_leaves_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: Scripted = scripted(monkeypatch, GOOD.format(1))

    def check() -> Sequence[Call]:
        raise ModelError("the API key was refused")

    monkeypatch.setattr(made, "check", check, raising=False)
    with pytest.raises(ModelError, match="the API key was refused"):
        begin(tmp_path)
    with Store(tmp_path, write=False) as store:
        assert store.runs() == []


def test_no_run_with_a_model_or_of_few_attempts_begins_with_a_tuning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = run(tmp_path, candidates=FIRST_TUNING - 1, seeds=("seed_line",), tune_trials=8)
    scripted(monkeypatch, *(f"```python\ndef f(x, a):\n    return {k}\n```" for k in range(20)), concurrency=1)
    model = run(tmp_path, proposer="scripted", candidates=20, seeds=("seed_line",), tune_trials=8)
    with Store(tmp_path, write=False) as store:
        operators = [[c.operator for c in sorted(store.candidates(r.run), key=lambda c: c.number)] for r in (few, model)]
    assert "tune" not in operators[0] and operators[1].index("tune") >= FIRST_TUNING
