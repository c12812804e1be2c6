"""The certificate of a program on its page: the verdict with its evidence, and everything in it shown as text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.big_store import fill
from tests.ui.conftest import NASTY, Open
from tests.ui.test_pages import sound, words
from workbench.certificate import Finder, FinderKind
from workbench.certification import BaselineComparison, Certificate, Check, Verdict
from workbench.model import Interval, Record, Split
from workbench.problem import catalog
from workbench.store import Judged, Ledger


@pytest.mark.parametrize("file", [False, True], ids=["certified as an attempt", "certified as a file with its text"])
def test_a_certificate_is_shown_whole(tmp_path: Path, wide: catalog.LoadedProblem, open_page: Open, file: bool) -> None:
    fill(tmp_path, wide, 12, run="judged", models=False)
    with Ledger(tmp_path) as store:
        number = store.run("judged").champion
        program = store.candidate("judged", number).program
        assert program
        judged = Judged(program, f"judged:{number}", wide.slug, wide.version, "judged", number)
        if file:
            judged = replace(judged, name="file rule.py", run=None, number=None)
        comparison = BaselineComparison("line", Split.TEST, Interval(-0.02, -0.03, -0.01), 0.975, Record(7, 3, 2), True)
        checks = (
            Check("growth", "growth", False, f"growth: far too fast {NASTY}"),
            Check("simplification", "simplification", True, "1 part can go", {"source": "def f(x, a):\n    return a"}),
            Check(
                "meter", "meter", True, "meter: 1 of 1", {"cheats": [{"cheat": "slow twin", "outcome": "rejected", "line": NASTY}]}
            ),
        )
        opening = store.open_test(judged)
        found = Certificate(
            Verdict.FRAGILE, f"growth {NASTY}", wide.slug, wide.version, "full", {Split.TEST: 0.125}, (comparison,), checks, 1.0,
            opening, "fresh stress was seen", "one instance was known", Finder(FinderKind.MODEL, NASTY),
            (replace(comparison, baseline="seed"),),
        )  # fmt: skip
        store.add_certificate(judged, opening, found)
    app = open_page(tmp_path, "program", run="judged", n=str(number), tab="Certificate")
    sound(app)
    shown = words(app)
    told = (
        "failed robustness",
        "failed",
        "far too fast &lt;script&gt;",
        "7 / 3 / 2",
        "1 program, limit 10",
        "fresh stress was seen",
        "one instance was known",
        "found by: language model &lt;script&gt;",
        "over its start: −2.00 pp against seed, 97.5% CI −3.00 to −1.00 pp",
    )
    for said in (*told, "12.5", "return a", "meter: 1 of 1", "slow twin"):
        assert said in shown, said
    assert "Certify" not in [b.label for b in app.button]
    run = open_page(tmp_path, "run", run="judged")
    sound(run)
    assert "failed robustness" in words(run) and "12.5" in words(run)
