"""Two sources beside each other: the right lines, the right marks, and nothing but text."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbench.report import diff

OLD = "def f(x):\n    if x > 0.48:\n        return 1\n    return 2\n"
NEW = "def f(x):\n    if x > 0.74:\n        return 1\n    y = 3\n    return y\n"


def bare(html: str) -> str:
    """The text of a cell."""
    return unescape(re.sub(r"</?mark>", "", html))


def test_only_the_characters_that_differ_are_marked() -> None:
    assert diff.marked("score = 0.199 * x", "score = 0.5 * y") == ("score = 0.<mark>199</mark> * <mark>x</mark>",
                                                                   "score = 0.<mark>5</mark> * <mark>y</mark>")  # fmt: skip
    assert diff.marked("alpha", "0000") == ("alpha", "0000")


words = some.lists(some.text(alphabet='ab<>&" =', max_size=12), max_size=12).map("\n".join)


@given(words, words)
def test_both_sides_can_be_read_back_whole(before: str, after: str) -> None:
    rows = diff.lines(before, after)
    assert [bare(r.left) for r in rows if r.old] == before.splitlines()
    assert [bare(r.right) for r in rows if r.new] == after.splitlines()
    assert [r.old for r in rows if r.old] == list(range(1, len(before.splitlines()) + 1))
    assert all(bare(r.left) == bare(r.right) for r in rows if not r.changed)


@pytest.mark.parametrize("show", [diff.side_by_side, diff.unified])
def test_markup_in_a_program_or_a_name_is_text(show: object) -> None:
    nasty = "x = '<script>alert(1)</script>'"
    html = show(nasty, nasty + "\ny = '<img src=x onerror=alert(1)>'", ("<b>old</b>", "<i>new</i>"))  # type: ignore[operator]
    assert not re.search(r"<(script|img|b>|i>)", html)


def test_equal_lines_far_from_a_change_are_folded_and_counted() -> None:
    before = "\n".join(f"line {k}" for k in range(50))
    shown = diff.folded(diff.lines(before, before.replace("line 20", "line XX")))
    assert [s for s in shown if isinstance(s, int)] == [20 - diff.CONTEXT, 29 - diff.CONTEXT]
    two = diff.folded(diff.lines(before, before.replace("line 0", "line X").replace("line 10\n", "line Y\n")))
    assert not any(isinstance(s, int) for s in two[:-1]), "one row is shown, not counted"
    assert "equal lines" not in diff.side_by_side(before, before + "\nz", ("a", "b"), whole=True)


def test_unified_puts_what_is_gone_before_what_is_new() -> None:
    html = diff.unified(OLD, NEW, ("a", "b"))
    assert html.index("− ") < html.index("+ ")
    assert html.count('class="old"') == 2 and html.count('class="new"') == 3
