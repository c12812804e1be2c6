"""Lessons: written, merged, counted against attempts that did not see them, and dropped."""

from __future__ import annotations

import random

import pytest

from workbench.errors import UsageError
from workbench.learning.playbook import MOST, Count, Lesson, Playbook, result_of
from workbench.model import Candidate, Effect, Status


def test_an_answer_adds_and_merges_lessons_and_nothing_else() -> None:
    book = Playbook().revised("Here are lessons:\n+ sort by due date\n+ sort by due date\n+ count long jobs less\n- a bullet\nnone")
    assert [(x.number, x.text) for x in book.lessons] == [(1, "sort by due date"), (2, "count long jobs less")]
    book = book.told(1, {1}, {1, 2}).told(-1, {2}, {1, 2})
    merged = book.revised("= 1, 2: sort by due date, long jobs later\n= 7: of nothing")
    assert merged.lessons == (Lesson(3, "sort by due date, long jobs later", Count(1, 1, 2), Count(1, 1, 2)),)
    assert Playbook.parse(merged.text(), "x.json") == merged


def test_what_harms_is_dropped_and_what_helps_stays() -> None:
    book = Playbook().revised("+ helps\n+ harms")
    for _ in range(8):
        book = book.told(-1, {2}, {1, 2}).told(1, {1}, {1, 2})
    assert [lesson.text for lesson in book.revised("none").lessons] == ["helps"]


def test_a_lesson_is_not_dropped_where_everything_fails() -> None:
    book = Playbook().revised("+ no help")
    for k in range(40):
        book = book.told(-1, {1} if k % 2 else set(), {1})
    assert len(book.revised("none").lessons) == 1


def test_the_best_are_kept_and_each_is_seen_by_some_attempts_only() -> None:
    book = Playbook().revised("\n".join(f"+ lesson {k}" for k in range(MOST + 5)))
    assert len(book.lessons) == MOST and book.lessons[-1].text == f"lesson {MOST + 4}"
    seen = [len(book.draw(random.Random(k))) for k in range(200)]
    assert min(seen) < MOST / 2 < max(seen)


@pytest.mark.parametrize(
    ("status", "effect", "result"),
    [(Status.OK, Effect(-0.1, 0.01), 1), (Status.OK, Effect(0.1, 0.01), -1), (Status.OK, Effect(-0.1, 0.2), 0),
     (Status.CRASH, None, -1), (Status.LLM_ERROR, None, None)],
)  # fmt: skip
def test_only_clear_differences_count(status: Status, effect: Effect | None, result: int | None) -> None:
    assert result_of(Candidate(3, status, None, "rewrite", (0,), effect=effect)) == result


@pytest.mark.parametrize("text", ["", "[]", '{"format": 9}', '{"format": 1, "next": 2, "lessons": [{}]}'])
def test_a_file_that_is_no_playbook_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match="--playbook x is not a playbook"):
        Playbook.parse(text, "x")
