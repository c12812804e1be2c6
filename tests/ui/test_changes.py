"""What changed between two programs, in words."""

from __future__ import annotations

import pytest

from workbench.program.changes import changes

BASE = '''
def rule(job, now):
    """Which job first?"""
    slack = job.due - now
    if slack > 3:
        score = 0.48 * slack + job.size
    else:
        score = -1
    return score
'''


def said(before: str, after: str) -> list[tuple[str, str, str, str]]:
    """Kind, words, before and after of every change."""
    return [(c.kind, c.text, c.before, c.after) for c in changes(before, after)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("0.48 * slack", "0.74 * slack", [("constant", "constant of score", "0.48", "0.74")]),
        ("slack > 3", "slack > 5", [("constant", "constant in the condition", "3", "5")]),
        ("slack > 3", "slack >= 3", [("condition", "condition", "slack > 3", "slack >= 3")]),
        ("score = -1", "score = -2", [("constant", "constant of score", "-1", "-2")]),
        ("slack + job.size", "slack * job.size",
         [("expression", "value of score", "0.48 * slack + job.size", "0.48 * slack * job.size")]),
        ("+ job.size", "+ job.weight", [("expression", "value of score", "job.size", "job.weight")]),
        ("return score", "return max(score, 0)",
         [("expression", "value of the result", "score", "max(score, 0)"), ("call", "now calls", "", "max")]),
        ("    return score", "    if now > 9:\n        score += 1\n    return score",
         [("condition", "new condition", "", "if now > 9"), ("step", "new step", "", "score += 1")]),
        ("    slack = job.due - now\n", "    slack = job.due - now  # hours\n\n", []),
        ('"""Which job first?"""', '"""Which job comes first, and why?"""', []),
        ("(job, now)", "(job, now, rate)", [("function", "signature", "rule(job, now)", "rule(job, now, rate)")]),
    ],
)  # fmt: skip
def test_one_edit_is_told_as_one_change(old: str, new: str, expected: list[tuple[str, str, str, str]]) -> None:
    assert said(BASE, BASE.replace(old, new, 1)) == expected


def test_what_is_taken_away_is_told_with_the_code_that_is_gone() -> None:
    told = said(BASE, BASE.replace("    slack = job.due - now\n", ""))
    assert told == [("step", "step removed", "slack = job.due - now", "")]


def test_functions_that_come_and_go_are_named() -> None:
    told = changes(BASE, BASE + "\ndef weight(x):\n    return x + 1\n")
    assert [(c.where, c.text, c.after) for c in told] == [("weight", "new function", "weight(x)")]
    assert [c.text for c in changes(BASE + "\ndef weight(x):\n    return x\n", BASE)] == ["function removed"]


def test_methods_are_told_with_their_class() -> None:
    source = "class Policy:\n    def step(self, s):\n        return s.a > {}\n"
    assert [(c.where, c.before, c.after) for c in changes(source.format(1), source.format(2))] == [("Policy.step", "1", "2")]


def test_a_source_that_cannot_be_parsed_is_said_to_be_so() -> None:
    assert [c.kind for c in changes(BASE, "def rule(:")] == ["unreadable"]
    assert [c.kind for c in changes(BASE, "x" * 10 + "\0")] == ["unreadable"]


def test_a_program_equals_itself() -> None:
    assert changes(BASE, BASE) == []
