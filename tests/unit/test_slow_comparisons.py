"""Programs that are as large as a candidate may be, and made so that comparing them takes as long as possible."""

from __future__ import annotations

import time

import pytest

from workbench.program.changes import changes
from workbench.program.source import MAX_SOURCE_BYTES
from workbench.report import diff

SAME = "x = 1\n"
SLOW = {
    "a long line": ("x = '" + "a" * 30_000 + "b" + "a" * 30_000 + "'\n", "x = '" + "a" * 30_000 + "c" + "a" * 30_001 + "'\n"),
    "a wide list": (f"x = [{','.join('1' * 25_000)}]\n", f"x = [{','.join('2' * 25_000)}]\n"),
    "many wide lists": ((lists := f"x = [{','.join('1' * 600)}]\n" * 50), lists.replace("1", "2")),
    "the same line": (SAME * 10_000, SAME * 5_000 + "y = 2\n" + SAME * 5_000),
}


@pytest.mark.parametrize("name", SLOW)
def test_no_program_holds_up_a_page(name: str) -> None:
    before, after = SLOW[name]
    assert 50_000 < len(before) <= MAX_SOURCE_BYTES and len(after) <= MAX_SOURCE_BYTES
    began = time.thread_time()
    shown = diff.side_by_side(before, after, ("before", "after")) + diff.unified(before, after, ("before", "after"))
    assert "old" in shown and changes(before, after)
    assert time.thread_time() - began < 20, "they took minutes or never ended"
