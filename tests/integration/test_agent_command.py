"""Coding agents' command lines as proposers, by scripts that behave as they do."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from tests.conftest import TOY
from tests.integration.silent import Silent
from tests.sandbox.test_lifecycle import alive, eventually
from workbench.analysis.finders import finder_of_attempt
from workbench.certificate import FinderKind
from workbench.errors import UsageError
from workbench.loop import start
from workbench.model import Status
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.proposers import make
from workbench.store import ModelCall, Outcome, Reader, Store

BETTER = """
import json, pathlib, sys
request = sys.stdin.read()
here = pathlib.Path('.')
assert here.joinpath('REQUEST.md').read_text() == request and 'program.py' in request
assert sorted(p.name for p in here.iterdir()) == ['REQUEST.md', 'program.py'], 'an empty folder'
here.joinpath('program.py').write_text('def f(x, a):\\n    return a * x + 7\\n')
"""
JSON = (
    BETTER
    + """
print('working ...')
usage = {"input_tokens": 9, "output_tokens": 5}
print(json.dumps({"result": "Done.\\nIdea: a line with an offset", "total_cost_usd": 0.25, "usage": usage}))
"""
)


def run(folder: Path, script: str, *, candidates: int = 1, **options: object) -> tuple[Outcome, list[ModelCall], Reader]:
    """A run whose proposer is a script."""
    path = folder / "agent.py"
    path.write_text(script)
    name = f"agent:{shlex.join([sys.executable, str(path)])}"
    made = RunOptions(proposer=name, candidates=candidates, workers=1, tune_trials=0, proposer_options=options)
    outcome = start.begin(catalog.load(TOY), made, folder / "runs", Silent())
    store = Reader(folder / "runs")
    return outcome, store.calls(outcome.run), store


def test_the_program_that_an_agent_leaves_is_the_attempt_with_its_idea_cost_and_finder(tmp_path: Path) -> None:
    outcome, (call,), store = run(tmp_path, JSON)
    (row,) = [a for a in store.attempts(outcome.run) if a.operator != "seed"]
    assert (row.status, row.idea) == (Status.OK, "a line with an offset")
    kept = store.candidate(outcome.run, row.number)
    assert kept.program and kept.program.source == "def f(x, a):\n    return a * x + 7\n", "byte for byte"
    assert (call.call.cost_usd, call.call.tokens_in, call.call.tokens_out) == (0.25, 9, 5)
    finder = finder_of_attempt(store, store.run(outcome.run), row.number, catalog.load(TOY))
    assert finder.kind is FinderKind.AGENT
    replayed = start.begin(
        catalog.load(TOY), RunOptions(proposer=f"replay:{outcome.run}", candidates=1, workers=1), tmp_path / "runs", Silent()
    )
    assert replayed.best and outcome.best and replayed.best == outcome.best


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        ("print('I would rather not.')", Status.REJECTED, "no code"),
        ("import sys; sys.exit('quota exceeded')", Status.LLM_ERROR, "ended with code 1: quota exceeded"),
        ("open('program.py', 'w').write('import os\\ndef f(x, a): return x')", Status.REJECTED, "imports 'os'"),
        ("open('program.py', 'wb').write(b'\\xff\\xfe')", Status.LLM_ERROR, "said nothing"),
        ("import os; os.remove('program.py'); os.mkdir('program.py')", Status.LLM_ERROR, "said nothing"),
        ("print('```python\\ndef f(x, a):\\n    return x * 2\\n```')", Status.OK, ""),
    ],
    ids=["words", "fails", "imports", "bytes", "folder", "answers in words"],
)
def test_what_is_no_program_is_said(tmp_path: Path, script: str, status: Status, words: str) -> None:
    path = tmp_path / "agent.py"
    path.write_text(script)
    name = f"agent:{shlex.join([sys.executable, str(path)])}"
    options = RunOptions(proposer=name, candidates=2, workers=1, tune_trials=0)
    try:
        start.begin(catalog.load(TOY), options, tmp_path / "runs", Silent())
    except Exception as error:  # all calls failed
        assert status is Status.LLM_ERROR, error
    with Store(tmp_path / "runs", write=False) as store:
        rows = [a for a in store.attempts(store.run("latest").id) if a.operator != "seed"]
    assert rows[0].status is status and words in rows[0].message, rows[0].message


def test_one_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, pathlib, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    with pytest.raises(Exception, match=r"it did not end within 3 s"):
        run(tmp_path, script, seconds=3)
    child = int((tmp_path / "pid").read_text())
    assert eventually(lambda: not alive(child), 20.0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("agent:", "needs a command: agent:claude"),
        ("agent:no-such-agent-here -x", "there is no command"),
        ("agent:'a", "quotation"),
    ],
)
def test_a_command_that_cannot_be_is_refused_before_the_run(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make(RunOptions(proposer=name))


def test_recipes_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("claude", "codex", "gemini"):
        path = tmp_path / name
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert [make(RunOptions(proposer=f"agent:{name}")).label for name in ("claude", "codex", "gemini")] == [
        "agent claude", "agent codex", "agent gemini",
    ]  # fmt: skip
