"""Held-back data are counted for a user on a machine: no new folder, wording or process brings a new budget."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.errors import StoreError, UsageError
from workbench.model import Program
from workbench.state import usage
from workbench.store import Judged, Ledger

SET = frozenset({"instance one", "instance two", "instance three"})


def judged(number: int, instances: frozenset[str] = SET, version: str = "v1") -> Judged:
    return Judged(Program(f"def f(x):\n    return {number}", "f"), f"file {number}.py", "x/y", version, instances=instances)


def accessed(folder: Path, one: Judged, *, limit: int = 3, force: bool = False) -> tuple[int, bool, bool]:
    """An access to the test set with a runs folder: count, whether again, whether forced."""
    with Ledger(folder) as store:
        opening = store.open_test(one, limit=limit, force=force)
    return opening.count, opening.again, opening.forced


def test_a_new_folder_brings_no_new_budget(tmp_path: Path) -> None:
    assert [accessed(tmp_path / str(k), judged(k)) for k in range(3)] == [(k + 1, False, False) for k in range(3)]
    with pytest.raises(UsageError, match=r"3 programs have accessed .*--force"):
        accessed(tmp_path / "new", judged(3))
    assert accessed(tmp_path / "new", judged(1)) == (3, True, False), "what was seen is no further chance"
    assert accessed(tmp_path / "new", judged(3), force=True) == (4, False, True)
    assert accessed(tmp_path / "newer", judged(4), force=True) == (5, False, True), "what was forced is counted"
    with Ledger(tmp_path / "newest") as store:
        assert store.openings("x/y", "v1") == 5, "a folder tells what was counted on the machine"
        assert not store._rows("SELECT 1 FROM openings")


def test_the_budget_belongs_to_the_instances(tmp_path: Path) -> None:
    for k in range(3):
        accessed(tmp_path, judged(k))
    one_left_out = frozenset(sorted(SET)[1:])
    for same in (judged(3, version="v2"), judged(3, one_left_out, "v3"), replace(judged(3, one_left_out | {"new"}), problem="a/b")):
        with pytest.raises(UsageError, match="3 programs have accessed"):
            accessed(tmp_path / "new", same)
    assert accessed(tmp_path, judged(3, frozenset({"another"}), "v2")) == (1, False, False)


def test_a_folder_from_elsewhere_adds_what_it_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(2):
        accessed(tmp_path / "theirs", judged(k))
    monkeypatch.setenv("EVOLVE_STATE", str(tmp_path / "another machine"))
    assert accessed(tmp_path / "theirs", judged(2)) == (3, False, False)
    assert accessed(tmp_path / "mine", judged(3)) == (2, False, False)


def _try(folder: Path, number: int) -> bool:
    try:
        accessed(folder / str(number), judged(number), limit=5)
    except UsageError:
        return False
    return True


def test_processes_at_once_share_the_budget(tmp_path: Path) -> None:
    with ProcessPoolExecutor(8) as pool:
        allowed = list(pool.map(_try, [tmp_path] * 16, range(16)))
    assert sum(allowed) == 5


def test_what_cannot_be_counted_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("EVOLVE_STATE", str(tmp_path / "file" / "state"))
    with Ledger(tmp_path / "runs") as store:
        with pytest.raises(StoreError, match="EVOLVE_STATE"):
            store.open_test(judged(1))
        assert store.openings("x/y", "v1") == 0


def test_accesses_made_elsewhere_are_carried_over_once(tmp_path: Path) -> None:
    use = usage.Use("x/y", "v1", "a", "gallery")
    for _ in range(2):
        usage.carry_over(use, SET, ["a", "b"])
    assert accessed(tmp_path, judged(1)) == (3, False, False)
    with pytest.raises(UsageError, match="3 programs"):
        accessed(tmp_path, judged(2))


def test_evaluations_on_validation_are_counted(tmp_path: Path) -> None:
    for program in ("a", "b", "a"):
        usage.count_validation(usage.Use("x/y", "v1", program, "rule.py"))
    assert usage.validation_uses("x/y", "v1") == (3, 2) and usage.validation_uses("x/y", "v2") == (0, 0)
    with Ledger(tmp_path) as store:
        opening = store.open_test(judged(1))
    assert opening.count == 1 and opening.validation == 3 and "validation was used 3 times" in str(opening)
