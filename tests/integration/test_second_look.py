"""The commands of the second look: certificates are kept, counted and exported; changed problems are scored again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import TOY
from tests.integration.silent import Silent
from tests.integration.test_cli import evolve, refused  # noqa: F401 (a fixture)
from workbench.certificate import Verdict
from workbench.errors import ProblemError
from workbench.evaluation.jobs import Job
from workbench.evaluation.pool import Pool
from workbench.loop.start import begin
from workbench.model import Program, Split
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.store import Judged, Ledger


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A copy of the toy problem to change."""
    return Path(shutil.copytree(TOY, tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__")))


def made(problem: Path, runs: Path) -> str:
    """A small run; its id."""
    options = RunOptions(proposer="builtin", candidates=4, workers=1, tune_trials=0)
    return begin(catalog.reload(problem), options, runs, Silent()).run


def test_a_certificate_is_kept_shown_and_exported(evolve, tmp_path: Path) -> None:  # noqa: F811
    run = made(TOY, tmp_path)
    code, out, err = evolve("certify", run, "--runs", tmp_path, "--json")
    told = json.loads(out.splitlines()[-1])
    assert code == 0 and told["opening"] == {"count": 1, "limit": 10, "again": False, "forced": False}
    assert "test-set access: 1 of 10 programs" in err and "simplification" in err.replace("\n", " ")
    with Ledger(tmp_path, write=False) as store:
        kept = store.certificate(run, store.run(run).champion)
    assert kept and kept.certificate.to_json() == told and kept.certificate.version == catalog.load(TOY).version
    assert (
        f"certificate (version {told['version']}): {Verdict(told['verdict']).words}" in evolve("show", run, "--runs", tmp_path)[1]
    )
    module = tmp_path / "rule.py"
    assert evolve("export", run, "--out", module, "--runs", tmp_path)[0] == 0
    text = " ".join(module.read_text().partition('"""\n\n#')[0].split())
    assert f"Certificate: {Verdict(told['verdict']).words} (" in text and " test " in text
    assert subprocess.run([sys.executable, module], capture_output=True, check=False).returncode == 0


def test_a_certificate_belongs_to_the_text_that_was_certified(evolve, tmp_path: Path) -> None:  # noqa: F811
    run = made(TOY, tmp_path)
    with Ledger(tmp_path, write=False) as store:
        program = store.candidate(run, store.run(run).champion).program
    assert program is not None
    same, twin = tmp_path / "same.py", tmp_path / "twin.py"
    same.write_text(program.source)
    twin.write_text(f"{program.source}\n\nassert f(1.0, 1.0) is not None\n")
    told = json.loads(evolve("certify", same, "--problem", TOY, "--runs", tmp_path, "--json")[1].splitlines()[-1])

    shown = json.loads(evolve("show", run, "--runs", tmp_path, "--json")[1])["candidate"]["certificate"]
    assert shown["reason"] == told["reason"], "the file has the champion's text"
    assert f"certificate (version {told['version']}): " in evolve("show", run, "--runs", tmp_path)[1]
    page = tmp_path / "report.html"
    assert evolve("report", run, "--out", page, "--runs", tmp_path)[0] == 0 and "<h2>Certificate" in page.read_text()

    for file, verdict in ((same, told["verdict"]), (twin, "")):
        words = ("--problem", TOY, "--runs", tmp_path, "--out", tmp_path / "rule.py", "--force", "--json")
        assert json.loads(evolve("export", file, *words)[1].splitlines()[-1])["verdict"] == verdict


def test_a_file_counts_as_an_opening_and_the_limit_holds(evolve, tmp_path: Path) -> None:  # noqa: F811
    loaded = catalog.load(TOY)
    with Ledger(tmp_path) as store:
        for k in range(10):
            store.open_test(Judged(Program(f"def f(x, a): return {k}", "f"), str(k), loaded.slug, loaded.version))
    line, words = TOY / "programs" / "line.py", ("--problem", TOY, "--runs", tmp_path, "--json")
    refused(evolve("certify", line, *words), "10 programs have accessed", "--force")
    told = json.loads(evolve("certify", line, *words, "--force")[1].splitlines()[-1])
    assert told["verdict"] == "not better" and told["opening"] == {"count": 11, "limit": 10, "again": False, "forced": True}


def test_eval_leaves_the_test_split_shut(evolve) -> None:  # noqa: F811
    refused(evolve("eval", TOY, "line", "--split", "test"), "evolve certify", "--split validation")


def test_eval_says_how_often_validation_was_used(evolve, tmp_path: Path) -> None:  # noqa: F811
    assert "validation was used 1 time, for 1 program, for this problem version" in " ".join(evolve("eval", TOY, "line")[1].split())
    assert json.loads(evolve("eval", TOY, "square", "--json")[1].splitlines()[-1])["validation_uses"] == 2
    assert "validation was used" not in evolve("eval", TOY, "line", "--split", "train")[1], (
        "train may be used as often as one likes"
    )
    line = TOY / "programs" / "line.py"
    told = json.loads(evolve("certify", TOY, line, "--runs", tmp_path, "--json")[1].splitlines()[-1])
    assert told["opening"]["validation"] == 2


def test_recheck_says_what_moved_and_why(evolve, tmp_path: Path, mine: Path) -> None:  # noqa: F811
    runs = tmp_path / "runs"
    run = made(mine, runs)
    same = json.loads(evolve("recheck", run, "--runs", runs, "--json")[1])[0]
    assert same["state"] == "as before" and same["before"] == same["after"]
    assert json.loads(evolve("recheck", "--all", "--runs", runs, "--json")[1])[0]["state"] == "same version"

    verifier = mine / "verifier.py"
    verifier.write_text(verifier.read_text().replace("Measurement(error / ", "Measurement(2 * error / "))
    catalog.reload(mine)
    assert "--problem" in json.loads(evolve("recheck", "--all", "--runs", runs, "--json")[1])[0]["message"], "it was edited"
    told = json.loads(evolve("recheck", "--all", "--problem", mine, "--runs", runs, "--json")[1])[0]
    assert told["state"] == "moved" and told["before"] == same["after"] != told["after"]
    train = told["splits"]["train"]
    assert train["after"] == pytest.approx(2 * train["before"]) and train["objectives"] == 6 and train["references"] == 0
    with Ledger(runs, write=False) as store:
        again = store.recheck(run, told["candidate"], Split.TRAIN, told["after"])
        first = store.report(run, told["candidate"], Split.TRAIN)
    assert again and first and again.gap == train["after"] and first.gap == train["before"], "the first score stays"
    assert "the problem has changed since" in evolve("show", run, "--runs", runs)[1]

    verifier.write_text(verifier.read_text().replace("a, error =", "y = policy(1); a, error ="))
    catalog.reload(mine)
    assert json.loads(evolve("recheck", run, "--problem", mine, "--runs", runs, "--json")[1])[0]["state"] == "fails now"
    refused(evolve("recheck", "--runs", runs), "--all")


def test_runs_of_two_versions_are_not_listed_as_one(evolve, tmp_path: Path, mine: Path) -> None:  # noqa: F811
    runs = tmp_path / "runs"
    made(mine, runs)
    assert "versions" not in evolve("list", "--runs", runs)[1]
    (mine / "statement.md").write_text("Another question.")
    made(mine, runs)
    assert "have 2 versions of it; their gaps are not comparable" in " ".join(evolve("list", "--runs", runs)[1].split())


def test_a_worker_that_finds_another_version_scores_nothing(mine: Path) -> None:
    loaded = catalog.reload(mine)
    program = loaded.program("line")
    with Pool(loaded, 1) as pool:
        assert pool.submit(Job(program, Split.TRAIN)).result().results
        (mine / "statement.md").write_text("Edited while the run goes on.")
        pool.submit(Job(program, Split.TRAIN)).result()  # what it has read still stands
        killed = catalog.reload(mine)
    assert killed.version != loaded.version
    with pytest.raises(ProblemError, match="was edited while it was in use"), Pool(loaded, 1):
        pass
