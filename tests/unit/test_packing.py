"""Texts of a store take little space, come back as they were, and survive what can happen to a database."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plain_store import as_before
from workbench.errors import StoreError
from workbench.model import Call, Candidate, InstanceResult, Program, Prompt, Report, Split, Status
from workbench.options import RunOptions
from workbench.store import FILE, Ledger, Origin, Reader
from workbench.store.columns import Frame, from_columns, gaps_of, to_columns
from workbench.store.migrations import MIGRATIONS, version
from workbench.store.packing import DEPTH

numbers = st.one_of(st.integers(-(10**6), 10**6).map(float), st.floats(allow_nan=False), st.integers(-5, 5))
results = st.builds(
    InstanceResult,
    st.text(max_size=3), st.sampled_from("ab"), st.sampled_from(Status), numbers, st.none() | numbers, numbers,
    st.dictionaries(st.sampled_from(["hits", "moved"]), numbers), st.sampled_from(["", "too late: \u2713"]),
    st.integers(0, 10**8).map(lambda micros: micros / 1e6),
)  # fmt: skip


@given(st.lists(results, max_size=8), st.sampled_from([None, 3.0, -0.7, 1e-3]))
def test_results_come_back_from_columns(made: list[InstanceResult], unit: float | None) -> None:
    """With any gaps, and with such as follow from objective and reference."""
    if unit is not None:
        made = [
            InstanceResult(r.id, r.family, r.status, (k - 2.0) / unit, float(k), 2.0, r.metrics, r.message, r.seconds)
            for k, r in enumerate(made)
        ]
    frame = Frame.from_text(Frame.of(made).to_text())
    back = from_columns(to_columns(made), frame)
    assert back == tuple(made) and repr([r.metrics for r in back]) == repr([dict(r.metrics) for r in made])
    assert gaps_of(to_columns(made), frame) == tuple(r.gap for r in made)


LINES = [f"    slack = jobs[{k}].due - clock * {k / 7:.5f}  # \u00e4\n" for k in range(900)]


def fill(folder: Path, attempts: int = 3 * DEPTH, *, first: int = 0) -> None:
    """A chain of programs, each some lines off its parent, with prompts and answers beyond zlib's window."""
    rng = random.Random(first)
    with Ledger(folder) as store:
        if not first:
            store.create_run("r", problem="x/y", folder="/p", version="v", options=RunOptions(), proposer="m", isolation="full")
        lines = LINES[:100]
        for number in range(first, first + attempts):
            lines[rng.randrange(100)] = rng.choice(LINES)
            source, parents = f"def f(x):\n{''.join(lines)}", (number - 1,) if number else ()
            prompt = Prompt("You improve programs.", f"{''.join(LINES)}Candidate {parents}:\n{source}")
            store.add_call("r", number, Origin(parents, 1), "edit", Call("m", prompt, f"Here:\n{source}", 9, 9, 0.1))
            rows = tuple(InstanceResult(f"i-{k}", "f", Status.OK, k / 7, k + 3.0, 3.0, {"n": k * 0.5}, "", k / 8) for k in range(7))
            if number % 5 == 4:  # fails at the third instance, and met them in another order
                failed = InstanceResult("i-1", "f", Status.CRASH, 2.0, None, 3.0, {}, "boom", 0.5)
                report = Report(Split.TRAIN, Status.CRASH, 2.0, {"f": 2.0}, (*rows[5:3:-1], failed), "instance i-1: boom", 1.0)
            else:
                report = Report(Split.TRAIN, Status.OK, 0.4, {"f": 0.4}, rows, "", 1.0)
            store.add_candidate("r", Candidate(number, report.status, Program(source, "f"), "edit", parents, 1, 0.4), report=report)
            store.add_score("r", number, Report(Split.VALIDATION, Status.OK, 0.4, {"f": 0.4}, rows))
        if not first:
            store.add_candidate("r", Candidate(attempts, Status.REJECTED, None, "edit", (0,), message="no code"))


def everything(folder: Path, **how: Any) -> list[Any]:
    """All that a store tells of its attempts."""
    with (Ledger if how else Reader)(folder, **how) as store:
        numbers = [a.number for a in store.attempts("r")]
        told = [store.record_hash("r", n) for n in numbers], [store.report("r", n, s) for n in numbers for s in Split]
        sources = [c.program and store.attempt_of_text("x/y", c.program.source) for c in store.candidates("r")]
        return [store.candidates("r"), store.calls("r"), list(store.reports("r", Split.TRAIN)), *told, sources]


def test_an_older_store_reads_the_same_and_goes_on(tmp_path: Path) -> None:
    fill(tmp_path)
    wanted = everything(tmp_path)
    packed = (tmp_path / FILE).stat().st_size
    as_before(tmp_path)
    assert len(wanted[0]) == 3 * DEPTH + 1 and packed < 0.2 * (tmp_path / FILE).stat().st_size
    assert everything(tmp_path) == wanted, "opened read-only"
    assert everything(tmp_path, write=True) == wanted, "migrated"
    fill(tmp_path, 5, first=3 * DEPTH + 1)
    more = everything(tmp_path)
    assert more[0][: len(wanted[0])] == wanted[0] and len(more[0]) == len(wanted[0]) + 5
    with Reader(tmp_path) as store:
        assert {size.size for size in store.sizes("r", store.mark("r"))} == {len(c.program.source) for c in more[0] if c.gap < 1}
        assert store.conversation("r", 3) == [call for call in more[1] if call.number == 3]


KILLED = """
import os, signal, sys
from workbench.store import Store, migrations, store
added = migrations.add_functions
def adding(db):
    added(db)
    db.create_function("die", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))
store.add_functions = adding
at = int(sys.argv[2])
last = migrations.MIGRATIONS[-1].split(";\\n")
migrations.MIGRATIONS = (*migrations.MIGRATIONS[:-1], ";\\n".join([*last[:at], "SELECT die()", *last[at:]]))
Store(sys.argv[1])
"""


@pytest.mark.parametrize("at", [1, -1])
def test_a_migration_that_is_killed_loses_nothing(tmp_path: Path, at: int) -> None:
    fill(tmp_path)
    wanted = everything(tmp_path)
    as_before(tmp_path)
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(at)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        assert version(db) == len(MIGRATIONS) - 1
    assert everything(tmp_path) == wanted
    assert everything(tmp_path, write=True) == wanted


def test_a_failed_commit_leaves_nothing_that_later_texts_need(tmp_path: Path) -> None:
    with Ledger(tmp_path) as store:
        store.create_run("r", problem="x/y", folder="/p", version="v", options=RunOptions(), proposer="m", isolation="full")
        for number in (0, 0, 1, 1, 2):  # the second of each is refused
            program = Program(f"def f(x):\n{''.join(LINES[number : number + 50])}", "f")
            candidate = Candidate(number, Status.REJECTED, program, "edit", (number - 1,) if number else ())
            if any(c.number == number for c in store.candidates("r")):
                with pytest.raises(StoreError):
                    store.add_candidate("r", candidate)
            else:
                store.add_candidate("r", candidate)
        wanted = store.candidates("r")
    with Reader(tmp_path) as reader:
        assert reader.candidates("r") == wanted and len(wanted) == 3


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE texts SET data = substr(data, 1, length(data) - 9)",
        "UPDATE texts SET data = CAST(x'01' || x'05' || substr(data, 3) AS BLOB) WHERE id > 1",
        "UPDATE texts SET data = x'0101'",
        "UPDATE texts SET data = x''",
        "UPDATE texts SET data = CAST(x'ff' || data AS BLOB)",
        "DELETE FROM texts WHERE id % 2 = 1",
    ],
)
def test_a_damaged_text_is_told_in_one_line(tmp_path: Path, damage: str) -> None:
    fill(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as db:
        db.execute(damage)
    with Reader(tmp_path) as store, pytest.raises(StoreError, match=r"cannot be read: a text in it is damaged \([^\n]+\)$"):
        store.calls("r")
