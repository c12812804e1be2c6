"""Processes that pages start: they outlive the page, and say why where they cannot begin."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from tests.benchmarks.big_store import TOY
from tests.unit.certified import certificate
from workbench.store import Judged, Ledger, Reader

pytest.importorskip("streamlit")
from ui import actions

WAIT = 240.0


def test_a_run_is_started_resumed_and_exported_by_processes_of_their_own(tmp_path: Path) -> None:
    launch = actions.start_run(tmp_path, str(TOY), ["--proposer=builtin", "--candidates=3", "--tune-trials=0"])
    run, why = actions.wait_for_run(launch, tmp_path, WAIT)
    assert run and not why
    launch.process.wait(WAIT)
    again = actions.resume(tmp_path, run, ["--candidates=5"])
    assert os.getpriority(os.PRIO_PROCESS, again.process.pid) > os.getpriority(os.PRIO_PROCESS, 0), "it gives way to the pages"
    assert os.getsid(again.process.pid) != os.getsid(0), "a session of its own: nothing that ends the server ends it"
    assert actions.wait_for_run(again, tmp_path, WAIT) == (run, "")
    again.process.wait(WAIT)
    with Reader(tmp_path) as store:
        row = store.runs()[0]
    assert (row.status, row.attempts) == ("done", 5)
    module = actions.export(tmp_path, run, row.champion, "curve/../x")
    assert module.name == "curve_.._x.py" and b"def f(" in module.content and b"# curve_.._x.py: " in module.content
    page = actions.report(tmp_path, run, tmp_path / "elsewhere").content
    assert page.startswith(b"<!doctype html>") and (tmp_path / "elsewhere" / "exports" / f"{run}.html").read_bytes() == page
    with pytest.raises(actions.UsageError, match="no candidate 99"):
        actions.export(tmp_path, run, 99, "x")
    with Ledger(tmp_path) as store:
        program = store.candidate(run, row.champion).program
        assert program
        judged = Judged(program, "file x.py", row.problem, row.version)
        store.add_certificate(judged, store.open_test(judged), certificate(problem=row.problem, version=row.version))
    packed = actions.export(tmp_path, run, row.champion, "rule")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as files:
        assert packed.name == "rule.zip" and files.namelist() == ["rule.py", "rule.certificate.json"]


def test_a_run_that_cannot_begin_says_why_in_its_own_words(tmp_path: Path) -> None:
    launch = actions.start_run(tmp_path, "no/such_problem", ["--proposer=builtin"])
    run, why = actions.wait_for_run(launch, tmp_path, WAIT)
    assert run is None and "unknown problem" in why
