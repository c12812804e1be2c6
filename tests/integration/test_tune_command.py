"""The command tune: a file is tuned on train and written only on request."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import workbench as wb
from tests.conftest import TOY
from workbench.cli.main import app

RULE = '''"""A parabola with a wrong factor."""

TUNABLE = {"a_factor": (0.0, 3.0)}
a_factor = 2.0


def f(x: float, a: float) -> float:
    return a_factor * a * x * x + x
'''


def test_a_file_is_tuned_and_written_where_asked(tmp_path: Path) -> None:
    rule, out = tmp_path / "rule.py", tmp_path / "tuned.py"
    rule.write_text(RULE)
    done = CliRunner().invoke(app, ["tune", str(TOY), str(rule), "-n", "40", "-o", str(out), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["gap"] < 0.2 * found["before"] and found["constants"]["a_factor"]["matters"]
    assert rule.read_text() == RULE and out.read_text() == found["source"] and found["out"] == str(out)
    assert wb.evaluate(TOY, out, split="train").gap == pytest.approx(found["gap"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(x, a):\n    return x\n", "declares no constants"),
        ("TUNABLE = {'k': (0.0, 1.0)}\nk = 0.5\n\ndef f(x, a):\n    return k / 0\n", "fails on train (crash)"),
        ("def g(:\n", "not a valid program"),
    ],
)
def test_what_cannot_be_tuned_is_said_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    rule = tmp_path / "rule.py"
    rule.write_text(text)
    with pytest.raises(wb.WorkbenchError, match=re.escape(said)):
        wb.tune(TOY, rule)
