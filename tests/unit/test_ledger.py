"""Openings of the test split are counted and limited; certificates and second scores are kept beside what was there."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.plain_store import as_before
from tests.unit.certified import certificate, record
from workbench.certificate import Verdict
from workbench.errors import UsageError
from workbench.model import InstanceResult, Program, Report, Split, Status
from workbench.store import FILE, Judged, Ledger
from workbench.store.migrations import MIGRATIONS


def judged(number: int) -> Judged:
    return Judged(Program(f"def f(x):\n    return {number}", "f"), f"r:{number}", "x/y", "v1", "r", number)


def test_the_test_split_is_opened_for_so_many_programs_and_no_more(tmp_path: Path) -> None:
    with Ledger(tmp_path) as store:
        counts = [store.open_test(judged(k), limit=3).count for k in (1, 2, 3)]
        assert counts == [1, 2, 3]
        again = store.open_test(replace(judged(2), name="file rule.py", run=None, number=None), limit=3)
        assert again.again and again.count == 3, "the same text reveals nothing new"
        with pytest.raises(UsageError, match=r"3 programs have accessed .*the limit is 3.*--force"):
            store.open_test(judged(4), limit=3)
        forced = store.open_test(judged(4), limit=3, force=True)
        assert forced.forced and forced.count == 4 and "beyond the limit" in str(forced)
        assert store.open_test(replace(judged(4), version="v2"), limit=3).count == 1, "another version has its own count"
        assert store.openings("x/y", "v1") == 4


def test_certificates_are_added_and_the_newest_counts(tmp_path: Path) -> None:
    with Ledger(tmp_path) as store:
        record(store, judged(1))
        opening = store.open_test(judged(1))
        assert store.being_certified("r", 1) and store.certificate("r", 1) is None
        store.add_certificate(judged(1), opening, certificate(verdict=Verdict.FRAGILE))
        store.add_certificate(judged(1), opening, certificate())
        assert not store.being_certified("r", 1)
    with Ledger(tmp_path, write=False) as store:
        found = store.certificate("r", 1)
        assert found and (found.run, found.number, found.name) == ("r", 1, "r:1") and found.certificate == certificate()
        assert store.certificate_of(judged(1).program, "v1") == found
        assert store.certificate_of(judged(1).program, "v2") is None
        assert store.certificate_of(Program("def f(x):\n\n    return 1  # other layout", "f"), "v1") is None
        assert [row["verdict"] for row in store._rows("SELECT verdict FROM certificates ORDER BY id")] == ["fragile", "certified"]


TWIN = "def f(x):\n    assert x < 0\n    return 1"
"""As judged(1), and it fails: the fingerprint of earlier versions did not see the difference."""
BY_DOCSTRING = [f"def f(x):\n    'g: {k}'\n    return float(f.__doc__[3:])" for k in (1, 2, 3)]


def test_a_twin_with_an_assertion_bears_no_certificate(tmp_path: Path) -> None:
    twin = replace(judged(2), program=Program(TWIN, "f"), run="twin")
    with Ledger(tmp_path) as store:
        record(store, judged(1))
        record(store, twin)
        store.add_certificate(judged(1), store.open_test(judged(1)), certificate())
        assert store.certificate_of(judged(1).program, "v1") is not None
        assert store.certificate_of(twin.program, "v1") is None and store.certificate("twin", 2) is None
        assert not store.open_test(twin).again


def test_programs_that_read_a_constant_from_a_docstring_are_counted_each(tmp_path: Path) -> None:
    with Ledger(tmp_path) as store:
        openings = [store.open_test(replace(judged(1), program=Program(text, "f"))) for text in BY_DOCSTRING]
        assert [(o.count, o.again) for o in openings] == [(1, False), (2, False), (3, False)]


def test_a_certificate_of_a_file_is_that_of_the_attempt_with_the_same_text(tmp_path: Path) -> None:
    file = replace(judged(1), name="file rule.py", run=None, number=None)
    with Ledger(tmp_path) as store:
        record(store, judged(1))
        store.add_certificate(file, store.open_test(file), certificate())
        found = store.certificate("r", 1)
        assert found is not None and found.name == "file rule.py"
        other = replace(file, problem="x/z")
        store.add_certificate(other, store.open_test(other), certificate(problem="x/z", verdict=Verdict.OVERFIT))
        assert store.certificate("r", 1) == found, "the same text for another problem is another program"


WITHOUT_FINISH = (
    "DROP INDEX calls_to_sum; ALTER TABLE calls DROP COLUMN finish; ALTER TABLE calls DROP COLUMN estimated; "
    "CREATE INDEX calls_to_sum ON calls(run, number); ALTER TABLE scores DROP COLUMN printed"
)


def test_certificates_of_an_earlier_layout_are_found_by_their_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger(tmp_path) as store:
        record(store, judged(1))
        for one in (judged(1), replace(judged(7), name="file", run=None, number=None)):
            store.add_certificate(one, store.open_test(one), certificate())
        store.open_test(replace(judged(8), run=None, number=None))  # never came to a certificate: its text is lost
    as_before(tmp_path)
    old = sqlite3.connect(tmp_path / FILE)
    old.executescript(
        "DROP INDEX openings_by_program; ALTER TABLE openings DROP COLUMN program; ALTER TABLE certificates DROP COLUMN program; "
        f"DROP TABLE trials; {WITHOUT_FINISH}; PRAGMA user_version = 3"
    )
    monkeypatch.setenv("EVOLVE_STATE", str(tmp_path / "state"))  # nothing was kept there then
    prints = old.execute("SELECT fingerprint FROM openings").fetchall()
    old.close()

    def check(store: Ledger) -> None:
        assert store.certificate("r", 1) and store.certificate_of(judged(7).program, "v1")
        assert store.certificate_of(Program(TWIN, "f"), "v1") is None
        assert store.openings("x/y", "v1") == 3

    with Ledger(tmp_path, write=False) as store:
        check(store)
    with Ledger(tmp_path) as store:
        check(store)
        assert [tuple(row) for row in store._rows("SELECT fingerprint FROM openings")] == prints
        assert store.open_test(replace(judged(7), name="file", run=None, number=None)).again
        assert not store.open_test(judged(8)).again, "what its text was then, nobody knows"


def test_a_second_score_stands_beside_the_first(tmp_path: Path) -> None:
    result = InstanceResult("i", "f", Status.OK, 0.5, 3.0, 2.0)
    report = Report(Split.TRAIN, Status.OK, 0.5, {"f": 0.5}, (result,))
    with Ledger(tmp_path) as store:
        store.add_recheck("r", 1, "v2", report)
        assert store.recheck("r", 1, Split.TRAIN, "v2") == report
        assert store.recheck("r", 1, Split.TRAIN, "v1") is None


def test_a_folder_from_before_is_read_as_one_without_certificates(tmp_path: Path) -> None:
    with Ledger(tmp_path):
        pass
    as_before(tmp_path)
    old = sqlite3.connect(tmp_path / FILE)
    old.executescript(
        "DROP TABLE certificates; DROP TABLE openings; DROP TABLE rechecks; DROP TABLE trials; "
        f"{WITHOUT_FINISH}; PRAGMA user_version = 2"
    )
    old.close()
    with Ledger(tmp_path, write=False) as store:
        assert store.certificate("r", 1) is None and store.openings("x/y", "v1") == 0 and not store.being_certified("r", 1)
    with Ledger(tmp_path) as store:
        assert store.open_test(judged(1)).count == 1
    assert len(MIGRATIONS) >= 3
