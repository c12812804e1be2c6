"""Edits of a program's text at the places that its syntax tree names; every byte outside them stays as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

_REST_OF_LINE = re.compile(rb"[ \t\f]*(#[^\r\n]*)?(\r\n|\r|\n)?")
_LINE_ENDS = (b"\n", b"\r")
_SEMICOLON = re.compile(rb"[ \t\f]*;?[ \t\f]*")


class Span(NamedTuple):
    """A piece of text, in bytes of its UTF-8 encoding from the beginning; `end` is the first byte after it."""

    start: int
    end: int


class Edit(NamedTuple):
    """Text to put in the place of a span; an insertion where the span is empty."""

    span: Span
    text: str


class Positions:
    """Where the lines and syntax-tree nodes of a source stand, in bytes.

    The parser gives a place as a line, from 1, and a column in bytes of UTF-8. A line ends with `\\n`, `\\r` or `\\r\\n`,
    not with the other characters at which `str.splitlines` cuts.
    """

    def __init__(self, source: str) -> None:
        self._bytes = source.encode()
        self._starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def offset(self, line: int, column: int = 0) -> int:
        """Byte offset of a place that the parser gave."""
        return self._starts[line - 1] + column

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """What a node takes up, without the decorators before it and the comment behind it."""
        assert node.end_lineno is not None and node.end_col_offset is not None  # set by the parser
        return Span(self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset))

    def lines(self, first: int, last: int) -> Span:
        """Whole lines from `first` to `last`, both included, with the end of the last one."""
        return Span(self._starts[first - 1], self._starts[last])

    def statement(self, node: ast.stmt) -> Span:
        """What goes when a statement goes: its lines, or itself and the semicolon behind it where others share them."""
        start, end = self.offset(first_line(node), node.col_offset), self.span(node).end
        margin, rest = self.lines(first_line(node), node.end_lineno or node.lineno)
        continued = self._bytes[:margin].rstrip(b"\r\n").endswith(b"\\")
        if _REST_OF_LINE.fullmatch(self._bytes, end, rest) and not self._bytes[margin:start].strip() and not continued:
            return Span(margin, rest)
        semicolon = _SEMICOLON.match(self._bytes, end, rest)
        return Span(start, semicolon.end() if semicolon else end)

    def instead(self, node: ast.stmt, lines: str) -> Edit:
        """Whole lines in the place of a statement; what shares a line with it goes on above and below them."""
        span = self.statement(node)
        if not lines:
            return Edit(span, "")
        whole, rest = self._bytes[: span.end].endswith(_LINE_ENDS), self._bytes[span.end :]
        below = "\n" if whole or (rest and not rest.startswith(_LINE_ENDS)) else ""
        return Edit(span, f"{self._above(span.start)}{lines}{below}")

    def insertion(self, offset: int, lines: str) -> Edit:
        """Whole lines put in at an offset; a line that is cut there goes on below them."""
        above = self._above(offset)
        return Edit(Span(offset, offset), f"{above}{lines}{'' if above and offset == len(self._bytes) else chr(10)}")

    def _above(self, offset: int) -> str:
        return "\n" if offset and not self._bytes[:offset].endswith(_LINE_ENDS) else ""

    def cut(self, span: Span) -> tuple[str, str, str]:
        """The text before a span, in it, and behind it."""
        return self._bytes[: span.start].decode(), self._bytes[span.start : span.end].decode(), self._bytes[span.end :].decode()


def count_lines(text: str) -> int:
    """Lines of a text as the parser counts them."""
    return len(text.encode().splitlines())


def first_line(node: ast.expr | ast.stmt) -> int:
    """Line on which a node begins, its decorators included; from 1."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def apply(source: str, edits: Iterable[Edit]) -> str:
    """Make all edits at once: their spans are those of `source`. Insertions at one place keep the order in which they come.

    Raises
    ------
    ValueError
        When two spans overlap, a span lies outside the text, or one cuts a character in two.
    """
    text = source.encode()
    ordered = sorted(edits, key=lambda edit: edit.span)
    if any(a.span.end > b.span.start for a, b in pairwise(ordered)):
        raise ValueError("two edits overlap")
    parts, position = list[bytes](), 0
    for (start, end), new in ordered:
        if not 0 <= start <= end <= len(text):
            raise ValueError(f"no span of the text: {start} to {end} of {len(text)} bytes")
        parts += [text[position:start], new.encode()]
        position = end
    parts.append(text[position:])
    for part in parts[::2]:
        part.decode()  # a part that begins or ends within a character is no text: UnicodeDecodeError is a ValueError
    return b"".join(parts).decode()
