"""The recorded run that ships: small, of this version, readable without a trace; and what pages show of it."""

from __future__ import annotations

import hashlib
import json
import lzma
import shutil
from html import escape
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from streamlit.testing.v1 import AppTest

from tests.gallery import ATTEMPTS, PLACE
from tests.ui.conftest import Open
from tests.ui.test_pages import sound, words
from workbench.problem import catalog
from workbench.problem.shipped import exhibit, ranked
from workbench.program.source import screen
from workbench.store import FILE, Reader
from workbench.store.migrations import MIGRATIONS, version

MEND = "record it anew with: python -m tests.gallery"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The gallery in a folder that nobody may write to."""
    place = tmp_path / "gallery"
    place.mkdir()
    shutil.copyfile(PLACE, place / FILE)
    place.chmod(0o555)
    return place


def shown(app: AppTest) -> list[str]:
    """Labels of the buttons."""
    return [b.label for b in app.button]


def test_it_is_small_and_of_this_version_and_names_no_machine() -> None:
    assert PLACE.stat().st_size < 2_000_000
    store = Reader(PLACE.parent)
    assert version(store._db) == len(MIGRATIONS), MEND
    (row,) = store.runs()
    loaded = catalog.load(row.problem)
    assert row.version == loaded.version, f"{loaded.slug} has changed since the recorded run: {MEND}"
    assert (row.status, row.attempts, row.folder, row.pid) == ("done", ATTEMPTS, row.problem, None)
    assert row.champion is not None and row.validation_gap is not None
    assert str(catalog.root()) not in PLACE.read_bytes().decode("latin-1")
    store.close()


def test_recorded_sessions_hold_the_program_that_ships() -> None:
    with lzma.open(PLACE.parent / "sessions.json.xz") as file:
        sessions = json.load(file)
    for session in sessions.values():
        entry = catalog.load(session["problem"]).problem.entry
        for attempt in session["attempts"]:
            assert attempt["idea"] and screen(attempt["program"], entry)
    ships = exhibit("knob_tuning/postgres")
    assert ships and ships.source in [attempt["program"] for attempt in sessions["postgres"]["attempts"]]


def test_reading_it_leaves_no_trace(copy: Path) -> None:
    before = hashlib.sha256((copy / FILE).read_bytes()).hexdigest()
    store = Reader(copy)
    (row,) = store.runs()
    assert store.ancestors(row.id, row.champion) and store.failures(row.id) is not None
    assert [p.name for p in copy.iterdir()] == [FILE], "no -wal or -shm beside it"
    store.close()
    assert hashlib.sha256((copy / FILE).read_bytes()).hexdigest() == before


@pytest.mark.parametrize("page", ["runs", "run", "program", "compare"])
def test_a_folder_without_runs_shows_it_and_offers_the_demo(tmp_path: Path, open_page: Open, page: str) -> None:
    app = open_page(tmp_path / "none", page, gallery=True)
    sound(app)
    assert "Run the demo" in shown(app)
    assert not {"Stop", "Pause", "Resume", "Certify"} & set(shown(app))
    if page == "runs":
        assert list(app.dataframe[0].value["status"]) == ["recorded"]
    else:
        assert "An example run that ships with evolve" in words(app)


def test_it_stays_within_reach_beside_runs_of_ones_own(folder: Path, open_page: Open) -> None:
    (row,) = Reader(PLACE.parent).runs()
    app = open_page(folder, "run", gallery=True, run=row.id)
    sound(app)
    assert "An example run" in words(app) and row.problem in words(app)
    app = open_page(folder, "run", gallery=True)
    assert "An example run" not in words(app), "one's own runs come first"
    app = open_page(folder, "program", gallery=True, run=row.id, tab="Certificate")
    sound(app)
    assert "Certify" not in shown(app) and "read-only" in words(app)


def test_what_ships_is_listed_with_links_in_full_only_without_runs_of_ones_own(
    folder: Path, tmp_path: Path, open_page: Open
) -> None:
    for runs, folded in ((tmp_path / "none", False), (folder, True)):
        app = open_page(runs, "runs", gallery=True)
        sound(app)
        (table,) = (one.proto.body for one in app.get("html") if "found by" in one.proto.body)
        for one in ranked():
            assert f'href="problems?problem={quote_plus(one.problem)}"' in table and escape(one.found_by) in table
        assert table.count("<b>certified</b>") == sum(one.verdict == "certified" for one in ranked())
        assert len(app.expander) == folded and ("Heuristics that ship" in words(app)) is not folded
