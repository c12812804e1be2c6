"""Openings of the test split are counted and limited; certificates and second scores are kept beside what was there."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.certified import certificate
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
        again = store.open_test(replace(judged(2), program=Program("def f(x): return 2  # as before", "f")), limit=3)
        assert again.again and again.count == 3, "the same program reveals nothing new"
        with pytest.raises(UsageError, match=r"3 programs have accessed .*the limit is 3.*--force"):
            store.open_test(judged(4), limit=3)
        forced = store.open_test(judged(4), limit=3, force=True)
        assert forced.forced and forced.count == 4 and "beyond the limit" in str(forced)
        assert store.open_test(replace(judged(4), version="v2"), limit=3).count == 1, "another version has its own count"
        assert store.openings("x/y", "v1") == 4


def test_certificates_are_added_and_the_newest_counts(tmp_path: Path) -> None:
    with Ledger(tmp_path) as store:
        opening = store.open_test(judged(1))
        assert store.being_certified("r", 1) and store.certificate("r", 1) is None
        store.add_certificate(judged(1), opening, certificate(verdict=Verdict.FRAGILE))
        store.add_certificate(judged(1), opening, certificate())
        assert not store.being_certified("r", 1)
    with Ledger(tmp_path, write=False) as store:
        found = store.certificate("r", 1)
        assert found and (found.run, found.number, found.name) == ("r", 1, "r:1") and found.certificate == certificate()
        other = Program("def f(x):\n\n    return 1  # other layout", "f")
        assert store.certificate_of(other, "v1") == found
        assert store.certificate_of(other, "v2") is None
        assert [row["verdict"] for row in store._rows("SELECT verdict FROM certificates ORDER BY id")] == ["fragile", "certified"]


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
    old = sqlite3.connect(tmp_path / FILE)
    old.executescript("DROP TABLE certificates; DROP TABLE openings; DROP TABLE rechecks; PRAGMA user_version = 2")
    old.close()
    with Ledger(tmp_path, write=False) as store:
        assert store.certificate("r", 1) is None and store.openings("x/y", "v1") == 0 and not store.being_certified("r", 1)
    with Ledger(tmp_path) as store:
        assert store.open_test(judged(1)).count == 1
    assert len(MIGRATIONS) >= 3
