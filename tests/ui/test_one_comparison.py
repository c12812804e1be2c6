"""The same pair has the same interval on the page, on the command line, in the report and in a certificate."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

from typer.testing import CliRunner

from tests.ui.conftest import Open
from ui import data
from workbench.certification.leads import against_baselines
from workbench.cli.main import app
from workbench.formatting import span
from workbench.model import Split
from workbench.problem import catalog
from workbench.report.page import gather
from workbench.store import Reader


def command(runs: Path, *words: str) -> dict[str, dict[str, float]]:
    """What `evolve compare` says: the difference by baseline."""
    done = CliRunner().invoke(app, ["compare", "done", *words, "--runs", str(runs), "--json"], catch_exceptions=False)
    return {c["against"]: c["difference"] for c in json.loads(done.stdout.splitlines()[-1])["comparisons"]}


def test_page_command_and_report_give_one_interval(folder: Path, open_page: Open) -> None:
    store = Reader(folder)
    row = next(r for r in store.runs() if r.id == "done")
    found = data.verdict(store, row)
    assert found is not None and found.difference.low < found.difference.mean < found.difference.high
    assert command(folder)[found.against] == found.difference._asdict()
    assert found.difference in [c.difference for c in gather(store, "done").comparisons]
    page = open_page(folder, "run", run="done")
    assert span(found.difference.low, found.difference.high) in " ".join(h.body for h in page.get("html"))


def test_a_certificate_gives_the_interval_of_the_command_in_whatever_order_instances_were_scored(
    folder: Path, wide: catalog.LoadedProblem
) -> None:
    store = Reader(folder)
    number = store.run("done").champion
    assert number is not None
    report = store.report("done", number, Split.VALIDATION)
    assert report is not None
    results = list(report.results)
    random.Random(1).shuffle(results)
    told = command(folder)
    assert len(told) > 1
    for scored in (report, replace(report, results=tuple(results))):
        assert {
            c.against: c.difference._asdict() for c in against_baselines(wide, Split.VALIDATION, {Split.VALIDATION: scored})
        } == told
