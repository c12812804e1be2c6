"""Tiers: a run that has solved train goes on at the harder part, with what is left, and scores of tiers are never mixed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

import workbench as wb
from tests.conftest import TOY
from workbench.errors import UsageError
from workbench.model import Split, Status
from workbench.problem import catalog
from workbench.problem.catalog import LoadedProblem
from workbench.store import Store

SOLVES_FLAT = "```python\ndef f(x, a):\n    return 2 * x * x + x\n```"
FAILS_ON_STEEP = "```python\ndef f(x, a):\n    return 2 * x * x + x if a == 2 else x // 0\n```"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The curve problem: flat curves first, whose optimum is proven; then steep ones."""
    folder = Path(shutil.copytree(TOY, tmp_path / "tiered"))
    code = folder / "problem.py"
    tier = 'tiers=(Tier("steep", ("steep",), "Curves are steep, and time is short.", seconds=0.25),),'
    code.write_text(
        code.read_text().replace("Split\n", "Split, Tier\n", 1).replace("PROBLEM = Problem(", f"PROBLEM = Problem(\n    {tier}")
    )
    return folder


@pytest.fixture
def proven(folder: Path) -> Path:
    """Its flat curves have a proven optimum."""
    path = folder / "references.json"
    raw = json.loads(path.read_text())
    for name, entry in raw["splits"]["train"].items():
        entry["status"] = "bound" if int(name.rpartition("-")[2]) % 2 else "optimal"
    path.write_text(json.dumps(raw))
    return folder


def families(loaded: LoadedProblem, split: Split) -> set[str]:
    return {i.family for i in loaded.instances(split)}


def test_a_tier_has_its_own_train_and_validates_on_easier_tiers_too(folder: Path) -> None:
    easy = catalog.load(folder)
    hard = easy.harder
    assert hard is not None and hard is catalog.load(hard.address) and hard.slug == "tests/curve@steep" and hard.harder is None
    assert (families(easy, Split.TRAIN), families(easy, Split.VALIDATION)) == ({"flat"}, {"flat"})
    assert (families(hard, Split.TRAIN), families(hard, Split.VALIDATION)) == ({"steep"}, {"flat", "steep"})
    assert hard.instances(Split.TEST) == easy.instances(Split.TEST) and hard.version == easy.version
    assert hard.problem.limits.seconds == 0.25 and easy.problem.limits.seconds == 0.5
    assert "Curves are steep" in hard.brief.statement and "Curves are steep" not in easy.brief.statement
    with pytest.raises(UsageError, match="no tier 'flat'; it has: steep"):
        catalog.load(f"{folder}@flat")


@pytest.mark.parametrize(("answer", "carried"), [(SOLVES_FLAT, Status.OK), (FAILS_ON_STEEP, Status.CRASH)])
def test_a_run_that_solved_train_goes_on_at_the_harder_tier(proven: Path, tmp_path: Path, answer: str, carried: Status) -> None:
    answers = [SOLVES_FLAT.replace("+ x", f"+ {k} * x") for k in range(2, 5)] + [answer] * 30
    result = wb.run(
        proven,
        proposer=lambda task: answers[task.number],
        attempts=20,
        patience=3,
        runs=tmp_path / "runs",
        display=False,
        workers=1,
    )
    with Store(tmp_path / "runs", write=False) as store:
        last, first = sorted(store.runs(), key=lambda run: run.created, reverse=True)
        assert first.problem == "tests/curve" and re.search(
            "every training instance: a harder tier is tests/curve@steep", first.message
        )
        assert (last.problem, last.id) == ("tests/curve@steep", result.name)
        assert last.options.candidates == 20 - sum(c.operator != "seed" for c in store.candidates(first.id))
        *_, given = [c for c in store.candidates(last.id) if c.operator == "seed"]
        solved = next(c for c in store.candidates(first.id) if c.message == "" and c.status is Status.OK and c.gap == 0)
        assert given.program == solved.program and given.status is carried
        assert given.message.startswith(f"program candidate {solved.number} of {first.id}")
    assert (
        result.problem.slug == "tests/curve@steep" and wb.open_run(result.name, runs=tmp_path / "runs").best.gap == result.best.gap
    )


def test_nothing_follows_when_the_budget_is_used_up(proven: Path, tmp_path: Path) -> None:
    result = wb.run(
        proven, proposer=lambda task: SOLVES_FLAT, attempts=1, tune_trials=0, runs=tmp_path / "runs", display=False, workers=1
    )
    assert result.problem.slug == "tests/curve" and "a harder tier is tests/curve@steep" in result.outcome.message
