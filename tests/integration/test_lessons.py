"""A run with a playbook: lessons reach prompts, are paid for and counted, and go to the next run."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tests.integration.silent import run
from workbench import proposers
from workbench.cli.main import app
from workbench.errors import UsageError
from workbench.loop.playbook import EVERY, REFLECT
from workbench.proposers.scripted import Scripted
from workbench.store import Store

ANSWER = "Idea: slope {0}\n```python\ndef f(x, a):\n    return a * x * x + {0} * x\n```"


@pytest.fixture
def scripted(monkeypatch):
    """Makes the next run's model answer with given slopes, and with lessons when it is asked for them."""

    def prepare(slopes, *lessons):
        proposer = Scripted([ANSWER.format(slope) for slope in slopes], cost_usd=0.01, lessons=lessons)
        monkeypatch.setattr(proposers, "make", lambda *_, **__: proposer)
        return proposer

    return prepare


def test_lessons_reach_prompts_are_counted_and_go_to_the_next_run(tmp_path, scripted):
    path, slopes = tmp_path / "book.json", [20 - k / 2 for k in range(3 * EVERY)]
    proposer = scripted(slopes, "+ lower slopes are better", "none")
    first = run(tmp_path / "runs", proposer="scripted", candidates=len(slopes), playbook=str(path))
    assert "Lessons of earlier attempts" not in proposer.prompts[0].user and "`slope 20" in proposer.reflections[0].user
    assert any("- `lower slopes are better`" in prompt.user for prompt in proposer.prompts[EVERY:])
    with Store(tmp_path / "runs", write=False) as store:
        reflections = [call for call in store.calls(first.run) if call.operator == REFLECT]
        assert len(reflections) == len(proposer.reflections) >= 2 and first.cost_usd == pytest.approx(
            0.01 * (len(slopes) + len(reflections))
        )
    (lesson,) = json.loads(path.read_text())["lessons"]
    assert 0 < lesson["seen"]["of"] + lesson["unseen"]["of"] <= len(slopes) - EVERY
    shown = CliRunner().invoke(app, ["show", first.run, "--runs", str(tmp_path / "runs")]).output
    assert "lower slopes are better [seen by" in " ".join(shown.split())

    again = scripted(slopes[:EVERY])
    run(tmp_path / "runs", proposer="scripted", candidates=EVERY, playbook=str(path))
    assert any("lower slopes are better" in prompt.user for prompt in again.prompts)


def test_a_file_that_is_no_playbook_ends_the_run_before_it_starts(tmp_path, scripted):
    scripted([1])
    (tmp_path / "book.json").write_text("lessons")
    with pytest.raises(UsageError, match="is not a playbook"):
        run(tmp_path / "runs", proposer="scripted", candidates=3, playbook=str(tmp_path / "book.json"))


def test_operators_without_a_model_take_no_playbook(tmp_path):
    with pytest.raises(UsageError, match="the built-in operators read none"):
        run(tmp_path / "runs", candidates=3, playbook=str(tmp_path / "book.json"))
