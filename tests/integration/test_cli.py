"""The command line: fixed forms for scripts, and one clear line with exit code 2 for every wrong use."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import TOY
from workbench import proposers, search
from workbench.certificate import Verdict
from workbench.cli.main import main
from workbench.formatting import percent
from workbench.model import Split
from workbench.problem import catalog
from workbench.problem.gap import mean_gap
from workbench.store import FILE, Store


@pytest.fixture
def evolve(monkeypatch, capsys):
    """Run a command in this process: exit code, stdout, stderr."""

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["evolve", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
            raise SystemExit(0)
        found = capsys.readouterr()
        return int(ended.value.code or 0), found.out, found.err

    return call


def refused(result: tuple[int, str, str], *words: str, exit_code: int = 2, begun: bool = False) -> None:
    """One line on stderr that names what, where and the mend; nothing on stdout but the same as JSON, if that was asked for.

    A run that has `begun` has said what it is doing.
    """
    code, out, err = result
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert code == exit_code and len(lines) == 1 and "Traceback" not in err, (code, out, err)
    if begun:
        assert out.startswith("tests/curve: evaluates 2 initial programs")
    else:
        assert out == "" or f"error: {json.loads(out)['error']}" == lines[0]
    for word in words:
        assert word in lines[0], lines[0]


@pytest.fixture
def copy(tmp_path) -> Path:
    """A copy of the toy problem to break."""
    folder = tmp_path / "mine"
    shutil.copytree(TOY, folder)
    return folder


def test_forms_that_scripts_rely_on(evolve, tmp_path):
    code, out, _ = evolve("run", TOY, "--proposer", "builtin", "--candidates", 12, "--seed", 3, "--runs", tmp_path, "--json")
    made = json.loads(out.splitlines()[-1])
    assert code == 0 and len(out.splitlines()) == 1
    assert {"run", "problem", "best", "candidates", "valid", "seconds", "cost_usd", "isolation"} <= set(made)
    assert (
        made["candidates"] == 12
        and made["cost_usd"] == 0
        and made["best"]["validation"]["gap"] >= 0 <= made["best"]["train"]["gap"]
    )

    listed = json.loads(evolve("list", "--runs", tmp_path, "--json")[1])
    assert [(r["run"], r["problem"], r["status"], r["candidates"]) for r in listed] == [(made["run"], "tests/curve", "done", 12)]

    shown = json.loads(evolve("show", made["run"], "--runs", tmp_path, "--json")[1])
    assert shown["candidate"]["number"] == made["best"]["candidate"] and "def f" in shown["candidate"]["source"]

    again = json.loads(evolve("resume", made["run"], "-n", 15, "--runs", tmp_path, "--json")[1])
    assert again["candidates"] == 15 and again["run"] == made["run"]

    module = tmp_path / "rule.py"
    assert evolve("export", made["run"], "--out", module, "--runs", tmp_path)[0] == 0
    assert subprocess.run([sys.executable, module], capture_output=True).returncode == 0
    refused(evolve("export", made["run"], "--out", module, "--runs", tmp_path), "already exists", "--force")

    page = tmp_path / "report.html"
    told = json.loads(evolve("report", "latest", "--out", page, "--runs", tmp_path, "--json")[1])
    assert told["bytes"] == page.stat().st_size and told["candidate"] == made["best"]["candidate"]
    assert {c["against"] for c in told["comparisons"]} == {"line", "square"}
    refused(evolve("report", "latest", "--out", page, "--runs", tmp_path), "already exists", "--force")
    refused(evolve("report", "nobody", "--out", tmp_path / "x.html", "--runs", tmp_path), "no run 'nobody'")

    verdict = json.loads(evolve("certify", made["run"], "--runs", tmp_path, "--json")[1])
    assert verdict["verdict"] in ("certified", "not confirmed", "not better", "overfit", "fragile")


def test_eval_gives_every_instance(evolve):
    code, out, _ = evolve("eval", TOY, TOY / "programs/square.py", "--split", "train", "--json")
    report = json.loads(out)
    assert code == 0 and report["status"] == "ok" and report["gap"] == pytest.approx(1.0)
    assert len(report["instances"]) == 6 and {"id", "status", "objective", "reference", "gap"} <= set(report["instances"][0])


def test_eval_of_a_failing_program_is_a_result(evolve, tmp_path):
    (tmp_path / "bad.py").write_text("def f(x, a):\n    return None\n")
    code, out, _ = evolve("eval", TOY, tmp_path / "bad.py", "--json")
    report = json.loads(out)
    assert code == 1 and report["status"] == "infeasible" and "must be a number" in report["message"] and report["gap"] > 1


def test_problems_are_listed_with_what_scripts_read(evolve):
    found = json.loads(evolve("problems", "--json")[1])
    assert {"scheduling/total_tardiness", "load_balancing/spot_deadline"} <= {p["slug"] for p in found}
    for one in found:
        assert {"slug", "title", "baselines", "splits", "bound", "version"} <= set(one) and set(one["splits"]) == {
            "train", "validation", "test", "stress",
        }  # fmt: skip
        assert {*one["baselines"]} <= {*catalog.load(one["slug"]).programs}


def test_the_table_of_problems_fits_100_columns_and_names_each_with_its_verdict(evolve):
    code, out, _ = evolve("problems")
    assert code == 0 and max(map(len, out.splitlines())) <= 100
    for one in json.loads(evolve("problems", "--json")[1]):
        row = next(line for line in out.splitlines() if line.split()[:1] == [one["slug"].partition("/")[2]])
        assert one["best_baseline"]["name"] in row and (one["found"] is None or Verdict(one["found"]["verdict"]).words in row)


def test_a_problem_is_shown_with_baselines_but_without_test_figures(evolve):
    loaded = catalog.load("scheduling/total_tardiness")
    code, out, _ = evolve("problems", "total_tardiness")
    assert code == 0 and loaded.problem.question in out and loaded.statement in out
    for baseline in loaded.problem.baselines:
        row = next(line.split() for line in out.splitlines() if line.split()[:1] == [baseline.name])
        gaps = {s: percent(mean_gap(loaded.references.families(baseline.name, s))) for s in (Split.TRAIN, Split.VALIDATION)}
        assert row[1:3] == list(gaps.values())
    assert "test gap" not in out and out.count("%") < 4 * len(loaded.problem.baselines)


def test_the_list_of_runs_wraps_no_id(evolve, tmp_path):
    evolve("run", TOY, "--proposer", "builtin", "--candidates", 2, "--runs", tmp_path)
    run = json.loads(evolve("list", "--runs", tmp_path, "--json")[1])[0]["run"]
    assert run in evolve("list", "--runs", tmp_path)[1]
    for columns in ("50", "20"):
        narrow = listed_in_a_terminal(tmp_path, columns)
        assert run in narrow and "validation" not in narrow


def listed_in_a_terminal(runs: Path, columns: str) -> str:
    """What `evolve list` prints in a terminal of this width."""
    return subprocess.run(
        [sys.executable, "-c", "import sys; sys.stdout.isatty = lambda: True; from workbench.cli.main import main; main()",
         "list", "--runs", runs],
        capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": columns, "TERM": "xterm", "FORCE_COLOR": "1"},
    ).stdout  # fmt: skip


def test_unknown_problem_suggests_the_nearest(evolve):
    refused(evolve("run", "totl_tardiness", "--proposer", "builtin"), "scheduling/total_tardiness")
    refused(evolve("run", "./nowhere"), "nowhere", "problem.py")


def test_broken_problem_file_names_the_line(evolve, copy):
    text = (copy / "problem.py").read_text()
    for broken, words in (
        (text.replace("from .verifier", "x = 1 / 0\nfrom .verifier"), ("ZeroDivisionError", "line 5")),
        ("PROBLEM = (", ("SyntaxError", "line 1")),
        ("PROBLEM = 3", ("must define PROBLEM",)),
    ):
        (copy / "problem.py").write_text(broken)
        refused(evolve("eval", copy, "seed"), "problem.py", *words)


def test_missing_or_torn_references_name_the_command(evolve, copy, tmp_path):
    (copy / "references.json").unlink()
    refused(evolve("run", copy, "--proposer", "builtin", "--runs", tmp_path / "r"), "references.json", "evolve references")
    (copy / "references.json").write_text('{"format": 1, "splits"')
    refused(evolve("run", copy, "--proposer", "builtin", "--runs", tmp_path / "r"), "references.json", "evolve references")
    assert not (tmp_path / "r").exists()


def test_wrong_key_and_unreachable_endpoint_spend_nothing(evolve, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/v1"
    refused(
        evolve("run", TOY, "--model", "some-model", "--api-base", address, "--runs", tmp_path), "some-model", str(port), begun=True
    )
    refused(evolve("run", TOY, "--model", "openai/gpt-5-mini", "--runs", tmp_path), "OPENAI_API_KEY", begun=True)
    assert json.loads(evolve("list", "--runs", tmp_path, "--json")[1]) == []


def test_unwritable_runs_folder(evolve, tmp_path):
    (tmp_path / "file").write_text("")
    refused(evolve("run", TOY, "--proposer", "builtin", "--runs", tmp_path / "file" / "runs"), "runs folder", "--runs")


def test_corrupt_database_is_kept_aside(evolve, tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database, but somebody's data" * 200)
    refused(evolve("list", "--runs", tmp_path), "left as it is")
    refused(evolve("run", TOY, "--proposer", "builtin", "--runs", tmp_path), "kept aside")
    assert next(tmp_path.glob(f"{FILE}.corrupt-*")).read_bytes().startswith(b"not a database, but")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--candidates", "0"), "--candidates"),
        (("--max-usd", "0"), "--max-usd"),
        (("--max-minutes", "-1"), "--max-seconds"),
        (("--strategy", "iland"), "islands"),
        (("--opt", "islands"), "NAME=VALUE"),
        (("--opt", "oceans=3"), "oceans"),
        (("--portfolio", "greedy"), "at least two strategies"),
        (("--portfolio", "greedy,islans"), "did you mean 'islands'"),
        (("--portfolio", "greedy,islands,greedy"), "'greedy' twice"),
        (("--portfolio", "greedy,portfolio"), "cannot be a member"),
        (("--portfolio", "greedy,islands", "--opt", "islands=2"), "omit --strategy and --opt"),
        (("--isolation", "none"), "--allow-unsafe"),
        (("--from", "nobody"), "nobody"),
        (("--proposer", "buildin"), "builtin"),
    ],
)
def test_wrong_options_name_themselves(evolve, tmp_path, words, named):
    proposer = () if "--proposer" in words else ("--proposer", "builtin")
    refused(evolve("run", TOY, *proposer, "--runs", tmp_path, *words), named)


def test_seed_that_crashes(evolve, copy, tmp_path):
    (copy / "programs/seed.py").write_text("def f(x, a):\n    return 1 / 0\n")
    said = evolve("run", copy, "--proposer", "builtin", "--runs", tmp_path / "r")
    refused(said, "initial program seed fails", "ZeroDivisionError", exit_code=1, begun=True)


def test_no_runs_yet_is_told(evolve, tmp_path):
    refused(evolve("list", "--runs", tmp_path / "none"), "no runs", "evolve run")
    refused(evolve("show", "nothing", "--runs", tmp_path / "none"), "no runs")


def test_new_problem_works_at_once(evolve, tmp_path):
    assert evolve("new", "packing/my_sack", "--into", tmp_path)[0] == 0
    named, by_file = (
        json.loads(evolve("eval", tmp_path / "my_sack", program, "--json")[1])
        for program in ("seed_decent", tmp_path / "my_sack/programs/seed_decent.block.py")
    )
    assert named["status"] == "ok" and by_file["gap"] == named["gap"]
    refused(evolve("new", "packing/my_sack", "--into", tmp_path), "already exists")
    refused(evolve("new", "My Sack"), "domain/name")
    refused(evolve("new"), "exactly one of")
    refused(evolve("new", "--strategy", "my-own"), "not a module name")


def test_new_strategy_and_proposer_run_by_path(evolve, tmp_path):
    assert evolve("new", "--strategy", "patient", "--into", tmp_path)[0] == 0
    assert evolve("new", "--proposer", "number_scaler", "--into", tmp_path)[0] == 0
    plugins = ("--strategy", tmp_path / "patient.py:Patient", "--proposer", tmp_path / "number_scaler.py:NumberScaler")
    code, out, err = evolve("run", TOY, *plugins, "-n", 5, "--runs", tmp_path / "runs")
    assert code == 0 and "5 attempts" in out, err
    refused(evolve("new", "--proposer", "number_scaler", "--into", tmp_path), "already exists")


def test_doctor_tells_what_works(evolve, tmp_path):
    code, out, _ = evolve("doctor", "--runs", tmp_path / "none", "--json")
    found = json.loads(out)
    assert code == 0 and found["isolation"] in ("full", "seccomp-only", "none") and len(found["checks"]) > 8


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_write_permission(evolve, tmp_path):
    tmp_path.chmod(0o500)
    refused(evolve("run", TOY, "--proposer", "builtin", "--runs", tmp_path), "not writable")


def test_help_lists_what_is_there_from_its_own_docstrings(evolve, tmp_path, monkeypatch):
    (tmp_path / "patient.py").write_text(
        'class Patient:\n    """Waits before it asks."""\n\n    def __init__(self, patience: int = 23) -> None: ...\n'
        "    def ask(self, rng): ...\n    def tell(self, candidate): ...\n"
    )
    (tmp_path / "broken.py").write_text("import nowhere_at_all\n")
    monkeypatch.setattr(search, "__path__", [*search.__path__, str(tmp_path)])
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = evolve("run", "--help")
    monkeypatch.delitem(sys.modules, "workbench.search.patient", raising=False)
    assert code == 0
    for words in ("Waits before it asks.", "patience=23", "broken", "cannot be loaded: No module named 'nowhere_at_all'"):
        assert words in out
    for name in ("islands", "adaptive", "greedy", "openevolve"):
        described = search.describe(name)
        assert described.summary in out and f"{described.options[0].name}={described.options[0].default}" in out
    for name in ("builtin", "litellm"):
        assert proposers.describe(name).summary in out
    assert "bold=1.0" in out and "replay:RUN" in out and "auto" in out
    assert "patience=23" not in evolve("resume", "--help")[1]


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom workbench.cli.main import main\nsys.argv = ['evolve', 'run', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.exit(' '.join(sorted({'litellm', 'optuna', 'openevolve', 'numpy', 'pandas', 'streamlit'} & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "openevolve" in done.stdout and "litellm" in done.stdout


def test_options_of_a_proposer_are_kept_with_the_run(evolve, tmp_path):
    words = ("run", TOY, "--proposer", "builtin", "-n", 2, "--runs", tmp_path)
    code, out, _ = evolve(*words, "--proposer-opt", "bold=2", "--json")
    assert code == 0
    with Store(tmp_path, write=False) as store:
        assert store.run(json.loads(out)["run"]).options.proposer_options == {"bold": "2"}
    refused(evolve(*words, "--proposer-opt", "bold=very"), "proposer 'builtin'", "bold must be of type float")
    refused(evolve(*words, "--proposer-opt", "bold"), "--proposer-opt takes NAME=VALUE")
