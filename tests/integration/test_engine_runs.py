"""Runs by engines: their attempts are attempts like any others, on one budget, and can be resumed, shown and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import workbench as wb
from tests.benchmarks.instant_model import program
from workbench.cli.main import app
from workbench.errors import RunFailed, UsageError
from workbench.model import Status
from workbench.proposers.scripted import Scripted
from workbench.store import Store

ROOT = Path(__file__).parent.parent
TOY = str(ROOT / "toy")
WALK = f"engine:{ROOT / 'walk.py'}:Walk"
OPENEVOLVE = "engine:openevolve"


def model(count: int, first: int = 0, **options: Any) -> Scripted:
    """A model that answers so many questions with a program each."""
    texts = [f"```python\n# EVOLVE-BLOCK-START\n{program(first + k)}# EVOLVE-BLOCK-END\n```" for k in range(count)]
    return Scripted([], lessons=texts, **options)


def run(folder: Path, proposer: Scripted, strategy: str = WALK, **options: Any) -> Any:
    """A run of the toy problem."""
    return wb.run(TOY, proposer=proposer, strategy=strategy, runs=folder, display=False, workers=1, **options)


def test_the_attempts_of_openevolve_are_attempts_of_a_run(tmp_path: Path) -> None:
    proposer = model(5, concurrency=2)  # the sixth answer is `none`, which OpenEvolve takes for a program
    result = run(tmp_path, proposer, OPENEVOLVE, attempts=6, strategy_options={"diff": "false"})
    with Store(tmp_path, write=False) as store:
        row, attempts, calls = store.run("latest"), store.attempts(result.name), store.calls(result.name)
        made = [a for a in attempts if a.operator != "seed"]
        best = store.candidate(result.name, result.best.number)
    assert row.status == "done" and row.options.strategy == OPENEVOLVE and "OpenEvolve" in row.proposer
    assert not row.options.race and not row.options.tune_trials
    assert [a.operator for a in made] == ["openevolve"] * 6 and len(calls) == 6 == len(proposer.reflections)
    assert sorted(a.status for a in made) == sorted([Status.OK] * 5 + [Status.REJECTED])
    (refused,) = [a for a in made if a.status is Status.REJECTED]
    assert "does not define `f`" in refused.message
    assert best.effect is None if best.operator == "seed" else best.effect is not None
    assert all("square" in prompt.system and "def f" in prompt.user for prompt in proposer.reflections)
    for command in (["show", "latest", "--attempts", "9"], ["list"], ["compare", "latest", "--json"]):
        done = CliRunner().invoke(app, [*command, "--runs", str(tmp_path)])
        assert done.exit_code == 0, done.output
        assert command[0] == "compare" or "openevolve" in done.output.lower()


def test_an_answer_in_which_an_engine_finds_no_program_is_an_attempt(tmp_path: Path) -> None:
    result = run(tmp_path, model(3, cost_usd=0.01), OPENEVOLVE, attempts=3)  # it asks for edits, and gets whole programs
    with Store(tmp_path, write=False) as store:
        made = [a for a in store.attempts(result.name) if a.operator != "seed"]
    assert [a.status for a in made] == [Status.REJECTED] * 3 and result.outcome.cost_usd == pytest.approx(0.03)
    assert all("took no program from this answer" in a.message for a in made)


@pytest.mark.parametrize("strategy, options", [(WALK, {}), (OPENEVOLVE, {"diff": "false"})])
def test_a_run_is_resumed_with_what_it_has(tmp_path: Path, strategy: str, options: dict[str, str]) -> None:
    first = run(tmp_path, model(4), strategy, attempts=4, strategy_options=options)
    again = wb.resume(first.name, attempts=8, proposer=model(4, first=9), runs=tmp_path, display=False)
    with Store(tmp_path, write=False) as store:
        attempts = store.attempts(first.name)
    assert again.name == first.name and again.outcome.status == "done"
    made = [a for a in attempts if a.operator != "seed"]
    assert len(made) == 8 and all(a.status is Status.OK for a in made) and all(a.parents for a in made)


def test_the_budget_holds_for_an_engine(tmp_path: Path) -> None:
    proposer = model(50, cost_usd=0.01, concurrency=3)
    result = run(tmp_path, proposer, attempts=50, max_usd=0.05)
    assert result.outcome.cost_usd <= 0.05 + 1e-9 and len(proposer.reflections) == 5
    assert "$0.05 is used up" in result.outcome.message


def test_an_engine_that_ends_fails_its_run_in_one_line_and_loses_nothing(tmp_path: Path) -> None:
    own = tmp_path / "brief.py"
    own.write_text(
        "class Brief:\n    label, concurrency = 'brief', 1\n    def run(self, start, desk):\n"
        "        source = start.programs[0].source\n"
        "        desk.evaluate(desk.ask('', '', source).split('```')[1].removeprefix('python'))\n"
        "        raise SystemExit('no more ideas')\n"
    )
    with pytest.raises(RunFailed, match=r"the engine .*brief\.py:Brief has ended: no more ideas") as told:
        run(tmp_path / "runs", model(5), f"engine:{own}:Brief", attempts=5)
    assert "\n" not in str(told.value)
    with Store(tmp_path / "runs", write=False) as store:
        assert [a.status for a in store.attempts(store.run("latest").id) if a.operator == "brief"] == [Status.OK]


def test_what_does_not_go_with_an_engine_is_told_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--engine openevolve asks language models"):
        wb.run(TOY, proposer="builtin", strategy=OPENEVOLVE, runs=tmp_path, display=False)
    with pytest.raises(UsageError, match="--playbook writes into the prompts"):
        run(tmp_path, model(1), playbook=str(tmp_path / "lessons.json"))
    done = CliRunner().invoke(app, ["run", TOY, "--engine", "openevolve", "--strategy", "greedy", "--runs", str(tmp_path)])
    assert done.exit_code and "omit --strategy" in str(done.exception)
    with Store(tmp_path) as store:
        assert not store.runs()
