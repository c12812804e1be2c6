"""Edits by position: what lies outside their spans stays, byte for byte, whatever the alphabet and the ends of lines."""

from __future__ import annotations

import ast
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workbench.program.edits import Edit, Positions, Span, apply, count_lines, first_line
from workbench.program.source import parse

TEXTS = some.text(alphabet="aé€🙂 =\n\r\t\u2028#;", max_size=40)


@given(some.lists(some.tuples(TEXTS, TEXTS, TEXTS), max_size=6), TEXTS, some.randoms())
def test_every_byte_outside_the_spans_stays(pieces: list[tuple[str, str, str]], tail: str, random: Random) -> None:
    source, wanted, edits = "", "", []
    for kept, old, new in pieces:
        start = len((source + kept).encode())
        edits.append(Edit(Span(start, start + len(old.encode())), new))
        source, wanted = source + kept + old, wanted + kept + new
    if len({edit.span.start for edit in edits}) == len(edits):  # insertions at one place keep the order in which they come
        random.shuffle(edits)
    assert apply(source + tail, edits) == wanted + tail


WORDS = some.sampled_from(["x", "größe", "'€🙂'", '"""a\u2028\n\n  b"""', "1.5", "f(α, -2)", "[\n 1,  # ü\n 2]", "lambda é: é"])
ENDS = some.sampled_from(["\n", ";", "; ", "  # ünder\n", "\r\n", "\n\n\f\n"])
LAYOUTS = some.lists(some.tuples(WORDS, ENDS), min_size=1, max_size=8)


def assignments(layout: list[tuple[str, str]]) -> str:
    """A program of one assignment for each value, with what stands behind it."""
    return "".join(f"v{k} = {value}{end}" for k, (value, end) in enumerate(layout))


@given(LAYOUTS, some.data())
def test_the_parser_and_the_spans_agree_on_where_a_node_stands(layout: list[tuple[str, str]], data: some.DataObject) -> None:
    source = assignments(layout)
    tree, positions = parse(source), Positions(source)
    values = [node.value for node in tree.body if isinstance(node, ast.Assign)]
    assert len(values) == len(layout)
    for value in values:
        before, inside, behind = positions.cut(positions.span(value))
        assert before + inside + behind == source
        assert ast.dump(ast.parse(f"({inside})", mode="eval").body) == ast.dump(value)
    chosen = data.draw(some.sets(some.sampled_from(range(len(values)))))
    changed = ast.parse(apply(source, [Edit(positions.span(values[k]), "'neü'") for k in chosen]))
    for k, node in enumerate(changed.body):
        assert isinstance(node, ast.Assign)
        assert ast.dump(node.value) == ("Constant(value='neü')" if k in chosen else ast.dump(values[k]))


@given(
    some.lists(some.tuples(WORDS, some.sampled_from(["\n", ";", "; ", "  # ünder\n", "\n\n"])), min_size=1, max_size=8), some.data()
)
def test_a_statement_goes_or_is_replaced_and_its_neighbours_stay(layout: list[tuple[str, str]], data: some.DataObject) -> None:
    source = assignments(layout)
    tree, positions = parse(source), Positions(source)
    dumps = [ast.dump(node) for node in tree.body]
    k = data.draw(some.integers(0, len(layout) - 1))
    new = "def neü():\n    pass"
    gone = apply(source, [positions.instead(tree.body[k], "")])
    assert [ast.dump(n) for n in ast.parse(gone).body] == dumps[:k] + dumps[k + 1 :]
    replaced = apply(source, [positions.instead(tree.body[k], new)])
    assert [ast.dump(n) for n in ast.parse(replaced).body] == [*dumps[:k], ast.dump(ast.parse(new).body[0]), *dumps[k + 1 :]]
    inserted = apply(source, [positions.insertion(positions.statement(tree.body[k]).start, new)])
    assert [ast.dump(n) for n in ast.parse(inserted).body] == [*dumps[:k], ast.dump(ast.parse(new).body[0]), *dumps[k:]]


def test_lines_are_those_of_the_parser() -> None:
    source = "a = '\u2028\x0b'\r\nb = 1\rc = 2\n@d  # ü\n@e\ndef f(): pass"
    tree, positions = ast.parse(source), Positions(source)
    assert [first_line(node) for node in tree.body] == [1, 2, 3, 4] and count_lines(source) == 6
    assert positions.cut(positions.lines(2, 3))[1] == "b = 1\rc = 2\n"
    assert positions.cut(positions.statement(tree.body[3]))[1] == "@d  # ü\n@e\ndef f(): pass"
    assert apply(source, [positions.insertion(len(source.encode()), "g = 3")]).endswith("pass\ng = 3")


def test_a_continued_line_is_no_line_of_its_own() -> None:
    source = "a = 1; \\\nb = 2\ndef f(): pass\n"
    left = apply(source, [Positions(source).instead(ast.parse(source).body[1], "")])
    assert [type(node).__name__ for node in ast.parse(left).body] == ["Assign", "FunctionDef"]


@pytest.mark.parametrize(
    ("spans", "reason"),
    [([(0, 2), (1, 3)], "overlap"), ([(0, 99)], "span outside"), ([(3, 2)], "span outside|overlap"), ([(4, 5)], "decode")],
)
def test_edits_that_cannot_be_made_are_refused(spans: list[tuple[int, int]], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        apply("x = é", [Edit(Span(*span), "y") for span in spans])
