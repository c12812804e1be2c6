"""What OpenEvolve and ShinkaEvolve recorded becomes a run, scored again, once, and without a byte written there."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.benchmarks.instant_model import program
from tests.benchmarks.overhead import instant_model
from workbench.api.importing import import_run
from workbench.cli.main import app
from workbench.errors import UsageError
from workbench.model import Status
from workbench.store import Store

ROOT = Path(__file__).parent.parent.parent
TOY = str(ROOT / "tests" / "toy")
SEARCH = """
import asyncio, sys
from pathlib import Path
from openevolve import OpenEvolve
from openevolve.config import Config, LLMModelConfig
address, folder = sys.argv[1], Path(sys.argv[2])
(folder / "start.py").write_text("# EVOLVE-BLOCK-START\\ndef f(x, a):\\n    return x\\n# EVOLVE-BLOCK-END\\n")
(folder / "judge.py").write_text("def evaluate(path):\\n    return {'combined_score': len(open(path).read()) / 1000}\\n")
config = Config(diff_based_evolution=False, checkpoint_interval=5, log_level="ERROR")
config.llm.models = config.llm.evaluator_models = [
    LLMModelConfig(name="instant", api_base=address, api_key="none", timeout=60, retries=0, retry_delay=0, max_tokens=100)
]
config.evaluator.cascade_evaluation = False
search = OpenEvolve(str(folder / "start.py"), str(folder / "judge.py"), config=config, output_dir=str(folder / "out"))
asyncio.run(search.run(iterations=10))
"""
SHINKA = """
CREATE TABLE programs (id TEXT PRIMARY KEY, code TEXT NOT NULL, language TEXT NOT NULL, parent_id TEXT,
    archive_inspiration_ids TEXT, top_k_inspiration_ids TEXT, generation INTEGER NOT NULL, timestamp REAL NOT NULL, code_diff TEXT,
    combined_score REAL, public_metrics TEXT, private_metrics TEXT, text_feedback TEXT, complexity REAL, embedding TEXT,
    embedding_pca_2d TEXT, embedding_pca_3d TEXT, embedding_cluster_id INTEGER, correct BOOLEAN DEFAULT 0,
    children_count INTEGER NOT NULL DEFAULT 0, metadata TEXT, migration_history TEXT, island_idx INTEGER, system_prompt_id TEXT)
"""
"""The table as `shinka/database/dbase.py` of ShinkaEvolve 9912af1 creates it."""


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An output folder that OpenEvolve itself has written."""
    folder = tmp_path_factory.mktemp("openevolve")
    with instant_model() as address:
        subprocess.run([sys.executable, "-c", SEARCH, address, str(folder)], check=True, capture_output=True, timeout=300)
    yield folder / "out"


def hashes(folder: Path) -> dict[str, str]:
    """Every file below a folder with its hash."""
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_checkpoint_of_openevolve_becomes_a_run_once(checkpoints: Path, tmp_path: Path) -> None:
    before = hashes(checkpoints)
    there = [json.loads(p.read_text()) for p in (checkpoints / "checkpoints" / "checkpoint_10" / "programs").glob("*.json")]
    words = ["import", str(checkpoints), "--problem", TOY, "--runs", str(tmp_path), "--workers", "1", "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told["added"] == len(there) >= 4 and "OpenEvolve" in told["imported"]
    with Store(tmp_path, write=False) as store:
        row, candidates = store.run(told["run"]), store.candidates(told["run"])
    made = [c for c in candidates if c.operator != "seed"]
    assert row.status == "done" and row.proposer == told["imported"] == "imported from OpenEvolve (checkpoint_10)"
    assert all(c.operator == "import" for c in made)
    sources = {one["id"]: one["code"] for one in there}
    assert Counter(c.program.source for c in made if c.program) == Counter(sources.values())
    family = {c.program.source: {candidates[n].program.source for n in c.parents} for c in made if c.program}
    parents = {one["code"]: sources.get(one["parent_id"]) for one in there}
    assert all(theirs is None or family[code] == {theirs} for code, theirs in parents.items())
    again = json.loads(CliRunner().invoke(app, words).stdout.strip().splitlines()[-1])
    assert again["run"] == told["run"] and again["added"] == 0
    assert hashes(checkpoints) == before, "nothing is written there"
    for command in (["show", "latest"], ["list"]):
        assert "import" in CliRunner().invoke(app, [*command, "--runs", str(tmp_path)]).output


@pytest.fixture
def shinka(tmp_path: Path) -> Path:
    """A database as ShinkaEvolve leaves it after a run that was killed: half of it in the journal."""
    folder = tmp_path / "results"
    folder.mkdir()
    rows = [
        ("a", program(1), "python", None, 0, 0.5), ("b", program(2), "python", "a", 1, 0.7),
        ("c", "def g(x):\n    return x\n", "python", "b", 2, 0.0), ("d", "fn f() {}", "rust", "b", 2, 0.1),
        ("e", "def f(x, a):\n    return x / 0\n", "python", "b", 3, None), ("f", program(2), "python", "b", 3, 0.7),
    ]  # fmt: skip
    database = sqlite3.connect(folder / "made.sqlite")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(SHINKA)
    for id, code, language, parent, generation, score in rows:
        database.execute(
            "INSERT INTO programs (id, code, language, parent_id, generation, timestamp, combined_score) VALUES (?,?,?,?,?,?,?)",
            (id, code, language, parent, generation, float(generation), score),
        )
    database.commit()
    for ending in ("", "-wal"):
        (folder / f"programs.sqlite{ending}").write_bytes((folder / f"made.sqlite{ending}").read_bytes())
    database.close()
    (folder / "made.sqlite").unlink()
    return folder


def test_what_does_not_fit_is_a_failed_attempt_with_its_reason(shinka: Path, tmp_path: Path) -> None:
    before = hashes(shinka)
    result, added = import_run(shinka, TOY, runs=tmp_path / "runs", workers=1, display=False)
    with Store(tmp_path / "runs", write=False) as store:
        made = [c for c in store.candidates(result.name) if c.operator == "import"]
    assert added == len(made) == 6 and hashes(shinka) == before
    by_number = sorted(made, key=lambda c: c.number)
    first = by_number[0].number
    wanted = [Status.OK, Status.OK, Status.REJECTED, Status.REJECTED, Status.CRASH, Status.DUPLICATE]
    assert [c.status for c in by_number] == wanted
    assert "does not define `f`" in by_number[2].message and "written in rust" in by_number[3].message
    assert [c.parents for c in by_number] == [(), (first,), *[(first + 1,)] * 4]
    assert "score 0.7 there" in by_number[1].idea
    assert import_run(shinka / "programs.sqlite", TOY, runs=tmp_path / "runs", display=False)[1] == 0, "the same, by another path"


def test_an_interrupted_import_goes_on(shinka: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    result, _ = import_run(shinka, TOY, runs=runs, workers=1, display=False)
    with closing(sqlite3.connect(runs / "evolve.db")) as database:
        first = database.execute("SELECT min(number) FROM candidates WHERE operator = 'import'").fetchone()[0]
        for table in ("candidates", "scores", "trials"):
            database.execute(f"DELETE FROM {table} WHERE run = ? AND number >= ?", (result.name, first + 3))
        database.execute("UPDATE runs SET status = 'stopped'")
        database.commit()
    again, added = import_run(shinka, TOY, runs=runs, workers=1, display=False)
    assert again.name == result.name and added == 3 and again.outcome.attempts == 6


@pytest.mark.parametrize(
    "name, text, words",
    [
        ("nothing", None, "there is no file or folder"),
        ("notes.txt", "hello", "is no SQLite database"),
        ("programs.sqlite", "SQLite format 3\0 but no more", "cannot be read"),
        ("metadata.json", "{}", "holds no program"),
    ],
)
def test_what_is_no_search_is_told_in_one_line(tmp_path: Path, name: str, text: str | None, words: str) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=words) as told:
        import_run(path.parent if name == "metadata.json" else path, TOY, runs=tmp_path / "runs", display=False)
    assert "\n" not in str(told.value)
