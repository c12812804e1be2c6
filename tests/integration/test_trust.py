"""A runs folder of a stranger: its records are shown, and nothing that it says is run, believed or called."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOY
from tests.integration.silent import Silent
from tests.integration.test_cli import evolve, refused  # noqa: F401 (a fixture)
from tests.integration.test_keys import heard, told  # noqa: F401 (a fixture)
from workbench.errors import StoreError
from workbench.loop.start import begin
from workbench.model import Call, Prompt
from workbench.options import RunOptions
from workbench.problem import catalog
from workbench.sandbox import probe
from workbench.state import database, vouching
from workbench.store import FILE, Origin, Store

PLUGIN = """
from pathlib import Path
from workbench.proposers.builtin import Builtin
from workbench.search.greedy import Greedy
Path({mark!r}).touch()
class Mine(Greedy): pass
class Own(Builtin): pass
"""


def marking(path: Path, mark: Path) -> None:
    """Have a Python file say that it was run."""
    path.write_text(path.read_text() + f"\nfrom pathlib import Path\nPath({str(mark)!r}).touch()\n")


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """A file that exists once anything of the stranger's has run."""
    return tmp_path / "mark"


@pytest.fixture
def evil(tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A problem folder of a stranger, with a run of it in `runs` beside; what the stranger did is nothing that was done here."""
    written = Path(shutil.copytree(TOY, tmp_path / "strange" / "made", ignore=shutil.ignore_patterns("__pycache__")))
    (written / "problem.py").write_text((TOY / "problem.py").read_text().replace("tests/curve", "tests/evil"))
    for name in ("problem.py", "gate.py", "verifier.py"):
        marking(written / name, mark)
    stranger(tmp_path / "runs", written, monkeypatch)
    folder = written.rename(tmp_path / "strange" / "evil")  # it was loaded in this process; here is one that never was
    mark.unlink()
    change(tmp_path / "runs", folder=str(folder))
    return folder


def stranger(runs: Path, problem: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small run that another user made."""
    with monkeypatch.context() as other:
        other.setenv("EVOLVE_STATE", str(runs.parent / "state-of-a-stranger"))
        options = RunOptions(proposer="builtin", candidates=4, workers=1, tune_trials=0)
        return begin(catalog.load(problem), options, runs, Silent()).run


def change(runs: Path, options: Mapping[str, Any] | None = None, **columns: str) -> None:
    """Put other words into the row of the only run."""
    database = sqlite3.connect(runs / FILE)
    with database:
        if options:
            columns["options"] = json.dumps(json.loads(database.execute("SELECT options FROM runs").fetchone()[0]) | dict(options))
        for name, value in columns.items():
            database.execute(f"UPDATE runs SET {name} = ?", (value,))
    database.close()


def only(runs: Path) -> Any:
    """The only run."""
    with Store(runs, write=False) as store:
        (row,) = store.runs()
        return row


SHOWN = (
    ("list",),
    ("show", "latest"),
    ("show", "latest", "--json"),
    ("report", "latest", "--out", "page.html"),
    ("recheck", "--all"),
)
REFUSED = (("compare", "latest"), ("certify", "latest"), ("export", "latest", "--out", "rule.py"), ("resume", "latest"))


def test_a_folder_that_a_record_names_is_not_run(
    evolve,  # noqa: F811
    evil: Path,
    mark: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for problem, folder in (("tests/evil", str(evil)), (str(evil), str(evil)), ("./strange/evil", "nowhere"), (str(evil), "x/y")):
        change(tmp_path / "runs", problem=problem, folder=folder)
        for words in (*SHOWN, ("recheck", "latest"), *REFUSED):
            code, out, err = evolve(*words)
            assert not mark.exists(), words
            assert code == 0 or "error: the problem" in err, (words, out, err)
        if problem == "tests/evil":
            for words in REFUSED:
                refused(evolve(*words), f"--problem {evil}")
            assert f"--problem {evil}" in " ".join(evolve("show", "latest")[1].split())
            assert f"--problem {evil}" in evolve("recheck", "--all")[1]
        Path("page.html").unlink()


def test_a_folder_that_is_named_here_is_used_and_from_then_on_known(
    evolve,  # noqa: F811
    evil: Path,
    mark: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert evolve("show", "latest")[0] == 0 and not mark.exists()
    refused(evolve("compare", "latest", "--problem", TOY), "is of the problem tests/evil, not tests/curve")
    assert evolve("resume", "latest", "-n", 6, "--problem", evil)[0] == 0 and mark.exists()
    assert evolve("compare", "latest")[0] == 0 and evolve("resume", "latest", "-n", 7)[0] == 0
    marking(evil / "verifier.py", tmp_path / "edited")
    catalog._load.cache_clear()
    refused(evolve("compare", "latest"), f"--problem {evil}")
    (evil / "hints.md").write_text("## One\nText is read, and never run.\n")


def test_safety_is_what_this_command_says(evolve, tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """The record asks for no sandbox, and holds an answer that was paid for but not scored: a program that leaves a mark."""
    runs = tmp_path / "runs"
    run = stranger(runs, TOY, monkeypatch)
    elsewhere = {"executor": "ray", "executor_options": {"address": "192.0.2.1:6379"}}
    change(runs, {"isolation": "none", "allow_unsafe": True, "workers": 32, "candidates": 6, **elsewhere}, status="stopped")
    reply = f"```python\nimport random\nrandom._os.close(random._os.open({str(mark)!r}, 65))\ndef f(x, a):\n    return 1.5\n```"
    with Store(runs) as store:
        call = Call("m", Prompt("s", "u"), reply, 1, 1, 0.0, 0.1, 0, "")
        store.add_call(run, 6, Origin((0,)), "rewrite", call)
    assert evolve("resume", run, "--runs", runs)[0] == 0
    row = only(runs)
    assert not mark.exists() and row.isolation == probe() and row.status == "done"
    assert not row.options.allow_unsafe and row.options.isolation is None and row.options.workers <= (os.cpu_count() or 1)
    assert row.options.executor == "processes" and not row.options.executor_options
    refused(evolve("resume", run, "-n", 8, "--isolation", "none", "--runs", runs), "--allow-unsafe")


@pytest.mark.parametrize("option", ["strategy", "proposer"])
@pytest.mark.parametrize("by", ["path", "module"])
def test_code_that_a_record_names_is_not_imported(
    evolve,  # noqa: F811
    option: str,
    by: str,
    tmp_path: Path,
    mark: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs, plugin = tmp_path / "runs", tmp_path / f"evil_{option}_{by}.py"
    plugin.write_text(PLUGIN.format(mark=str(mark)))
    monkeypatch.syspath_prepend(str(tmp_path))
    stranger(runs, TOY, monkeypatch)
    name = f"{plugin if by == 'path' else plugin.stem}:{'Mine' if option == 'strategy' else 'Own'}"
    change(runs, {option: name, f"{option}_options": {}})
    for words in (*SHOWN, ("compare", "latest"), ("export", "latest", "--out", tmp_path / "rule.py")):
        assert evolve(*words, "--runs", runs, *(["--force"] if "--out" in words else []))[0] == 0
    refused(evolve("resume", "latest", "-n", 6, "--runs", runs), "was not started from here", f"--{option} {name}")
    assert not mark.exists()
    (Path("page.html")).unlink(missing_ok=True)
    assert evolve("resume", "latest", "-n", 6, f"--{option}", name, "--runs", runs)[0] == 0 and mark.exists()
    assert evolve("resume", "latest", "-n", 7, "--runs", runs)[0] == 0, "said once, it is known"


def test_an_endpoint_that_a_record_names_is_not_called(
    evolve,  # noqa: F811
    tmp_path: Path,
    heard: tuple[str, list[str]],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base, sent = heard
    runs = tmp_path / "runs"
    stranger(runs, TOY, monkeypatch)
    change(runs, {"proposer": "litellm", "models": ["m"], "api_base": base, "candidates": 100_000})
    for more in ((), ("-n", 6), ("--api-base", base), ("--problem", TOY)):
        refused(evolve("resume", "latest", *more, "--runs", runs), "was not started from here", "--model m", f"--api-base {base}")
    refused(evolve("resume", "latest", "--model", "m", "--api-base", base, "--runs", runs), "-n 100000")
    assert not sent
    done = evolve("resume", "latest", "--model", "m", "--api-base", base, "-n", 5, "--runs", runs)
    assert done[0] == 0 and told(sent) == {"OPENAI_API_KEY"}, done


def test_a_run_of_ones_own_is_resumed_without_repetition(
    evolve,  # noqa: F811
    tmp_path: Path,
    mark: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(TOY, "mine", ignore=shutil.ignore_patterns("__pycache__"))
    text = Path("mine/problem.py").read_text().replace("tests/curve", "tests/mine")
    Path("mine/problem.py").write_text(text)
    Path("plan.py").write_text(PLUGIN.format(mark=str(mark)))
    quick = ("--workers", 1, "--tune-trials", 0)
    assert evolve("run", "./mine", "--proposer", "builtin", "--strategy", "plan.py:Mine", "-n", 4, *quick)[0] == 0
    assert evolve("resume", "latest", "-n", 6)[0] == 0 and only(Path("runs")).attempts == 6
    assert evolve("certify", "latest")[0] == 0 and evolve("compare", "latest")[0] == 0
    with monkeypatch.context() as elsewhere:
        Path("elsewhere").mkdir()
        Path("elsewhere/plan.py").write_text("raise SystemExit('another file of that name')")
        elsewhere.chdir("elsewhere")
        assert evolve("resume", "latest", "-n", 7, "--runs", "../runs")[0] == 0
    shutil.copytree("runs", "copy")
    refused(evolve("resume", "latest", "-n", 8, "--runs", "copy"), f"--strategy {tmp_path / 'plan.py'}:Mine")
    change(Path("runs"), {"strategy": "other.py:Mine"})
    refused(evolve("resume", "latest", "-n", 8), "--strategy other.py:Mine")


def test_what_is_known_here_is_kept_where_only_its_owner_can_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVOLVE_STATE", str(tmp_path / "a" / "state"))
    vouching.vouch_for_run(tmp_path, "r", {"x": 1})
    file = database.place() / database.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert vouching.knows_run(tmp_path, "r", {"x": 1}) and not vouching.knows_run(tmp_path, "r", {"x": 2})
    assert not vouching.knows_run(tmp_path / "other", "r", {"x": 1})
    file.chmod(0o666)
    assert not vouching.knows_run(tmp_path, "r", {"x": 1})
    with pytest.raises(StoreError, match="can be written by other users"):
        vouching.vouch_for_run(tmp_path, "s", {})
    monkeypatch.setenv("EVOLVE_STATE", str(tmp_path / "missing"))
    assert not vouching.knows_run(tmp_path, "r", {"x": 1}) and not (tmp_path / "missing").exists(), "reading makes nothing"


def test_where_the_state_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVOLVE_STATE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert database.place() == tmp_path / "xdg" / "evolve"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert database.place() == tmp_path / ".local" / "state" / "evolve"


@pytest.mark.parametrize(
    "statement",
    ["CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM candidates; END", "CREATE VIEW v AS SELECT * FROM runs"],
)
def test_a_database_with_code_of_its_own_is_not_opened(tmp_path: Path, statement: str) -> None:
    Store(tmp_path).close()
    strange = sqlite3.connect(tmp_path / FILE)
    strange.execute(statement)
    strange.close()
    for write in (True, False):
        with pytest.raises(StoreError, match="which evolve never makes"):
            Store(tmp_path, write=write)
