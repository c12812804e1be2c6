"""Which names are bound and read: each question has its own answer on the same text."""

from __future__ import annotations

import ast
import textwrap

import pytest

from workbench.program import names

SOURCE = textwrap.dedent(
    """
    import numpy as np, os.path
    from math import sqrt as root
    LIMIT: int = 3
    if LIMIT:
        side = [j for j in [1] if (walrus := j)]
        def helper(a, /, b, *rest, c=1, **options):
            global counted
            counted = inner = a
            return lambda k: k + missing + inner
    try:
        low, (high, *more) = 1, (2, 3)
    except ValueError as error:
        del low
    match LIMIT:
        case {"x": found, **others} | [found, *others]:
            pass
    class Rule:
        field = sqrt
    """
)


def test_the_scope_of_a_statement_is_told_from_those_inside_it() -> None:
    tree = ast.parse(SOURCE)
    own = {"np", "os", "root", "LIMIT", "side", "walrus", "helper", "low", "high", "more", "error", "found", "others", "Rule"}
    assert names.bound_by(tree.body) == own
    inside = {"j", "a", "b", "rest", "c", "options", "counted", "inner", "k", "field"}
    assert names.bound_anywhere(tree) == own | inside
    assert names.free(tree) == {"missing", "sqrt"}
    assert names.assigned(tree.body[3:4]) == {"side", "walrus", "j", "counted", "inner"}


def test_the_level_of_the_module_is_what_python_finds_there() -> None:
    found = names.of_module(SOURCE)
    assert found is not None
    module: dict[str, object] = {}
    exec(compile(SOURCE.replace("field = sqrt", "field = 1") + "helper(1, 2)\n", "<test>", "exec"), module)
    ran = module.keys() - {"__builtins__", "__annotations__"}
    # `error` and the names of the pattern would be bound on a branch that was not taken.
    assert ran <= found.bound and found.bound - ran <= {"error", "found", "others"}
    assert names.unbound(SOURCE) == {"missing", "sqrt"}
    assert names.of_module("def f(:") is None and names.unbound("return 1") in (None, frozenset())


@pytest.mark.parametrize(
    ("statement", "after"),
    [
        ("b = 1", "ab"),
        ("if a: b = 1", "a"),
        ("if a: b = 1\nelse: b = c = 2", "ab"),
        ("if a: raise a\nelse: b = 1", "ab"),
        ("if a: return a\nelse:\n while a: break\n continue", None),
        ("for b in a: c = 1", "a"),
        ("while a: b = 1", "a"),
        ("with a as b: c = 1", "abc"),
        ("try: b = 1\nexcept E: pass", "ab"),
        ("del a", ""),
        ("def b(): c = 1", "ab"),
        ("a[0] = [c for c in a]", "a"),
        ("raise a", None),
    ],
)
def test_what_is_bound_on_every_way(statement: str, after: str | None) -> None:
    found = names.surely_bound_after(ast.parse(statement).body[0], frozenset("a"))
    assert found == (None if after is None else frozenset(after))


def test_only_whole_definitions_can_be_moved() -> None:
    movable = [names.movable(node) for node in ast.parse(SOURCE).body]
    assert movable == [{"np", "os"}, {"root"}, {"LIMIT"}, set(), set(), set(), {"Rule"}]
    (function,) = ast.parse("def f(a, /, b, *rest, c=1, **options): pass").body
    assert isinstance(function, ast.FunctionDef)
    assert [p.arg for p in names.parameters(function.args)] == ["a", "b", "rest", "c", "options"]


def test_what_a_program_gives_names_to() -> None:
    tree = ast.parse("class R:\n  __slots__ = ()\n  def f(self):\n    self._x = y = z\n    return self._w\n")
    assert names.given(tree) == {"R", "f", "_x", "y"}
