"""Edits of program text at positions taken from its syntax tree; all other bytes are preserved."""

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
    """Range of text, as byte offsets in UTF-8; `end` is exclusive."""

    start: int
    end: int


class Edit(NamedTuple):
    """Replacement of a span by text; an insertion if the span is empty."""

    span: Span
    text: str


class Positions:
    """Byte positions of the lines and syntax-tree nodes of a source.

    The parser reports a position as a line, from 1, and a column in bytes of UTF-8. Lines end with `\\n`, `\\r` or `\\r\\n`,
    unlike those of `str.splitlines`, which splits at further characters.
    """

    def __init__(self, source: str) -> None:
        self._bytes = source.encode()
        self._starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def offset(self, line: int, column: int = 0) -> int:
        """Return the byte offset of a position reported by the parser."""
        return self._starts[line - 1] + column

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """Return the span of a node, without preceding decorators and a trailing comment."""
        assert node.end_lineno is not None and node.end_col_offset is not None  # set by the parser
        return Span(self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset))

    def lines(self, first: int, last: int) -> Span:
        """Return the span of complete lines from `first` to `last`, inclusive, with the last line ending."""
        return Span(self._starts[first - 1], self._starts[last])

    def statement(self, node: ast.stmt) -> Span:
        """Return the span to delete with a statement: its lines, or only itself and its semicolon if it shares a line."""
        start, end = self.offset(first_line(node), node.col_offset), self.span(node).end
        margin, rest = self.lines(first_line(node), node.end_lineno or node.lineno)
        continued = self._bytes[:margin].rstrip(b"\r\n").endswith(b"\\")
        if _REST_OF_LINE.fullmatch(self._bytes, end, rest) and not self._bytes[margin:start].strip() and not continued:
            return Span(margin, rest)
        semicolon = _SEMICOLON.match(self._bytes, end, rest)
        return Span(start, semicolon.end() if semicolon else end)

    def instead(self, node: ast.stmt, lines: str) -> Edit:
        """Return an edit that replaces a statement with complete lines; code on the same line moves above and below them."""
        span = self.statement(node)
        if not lines:
            return Edit(span, "")
        whole, rest = self._bytes[: span.end].endswith(_LINE_ENDS), self._bytes[span.end :]
        below = "\n" if whole or (rest and not rest.startswith(_LINE_ENDS)) else ""
        return Edit(span, f"{self._above(span.start)}{lines}{below}")

    def insertion(self, offset: int, lines: str) -> Edit:
        """Return an edit that inserts complete lines at an offset; the rest of a line split there follows them."""
        above = self._above(offset)
        return Edit(Span(offset, offset), f"{above}{lines}{'' if above and offset == len(self._bytes) else chr(10)}")

    def _above(self, offset: int) -> str:
        return "\n" if offset and not self._bytes[:offset].endswith(_LINE_ENDS) else ""

    def cut(self, span: Span) -> tuple[str, str, str]:
        """Return the text before, in and after a span."""
        return self._bytes[: span.start].decode(), self._bytes[span.start : span.end].decode(), self._bytes[span.end :].decode()


def count_lines(text: str) -> int:
    """Count lines as the parser does."""
    return len(text.encode().splitlines())


def first_line(node: ast.expr | ast.stmt) -> int:
    """Return the first line of a node, from 1, including its decorators."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def apply(source: str, edits: Iterable[Edit]) -> str:
    """Apply all edits at once: spans refer to `source`. Insertions at the same position keep their order.

    Raises
    ------
    ValueError
        Two spans overlap, or a span lies outside the text or splits a character.
    """
    text = source.encode()
    ordered = sorted(edits, key=lambda edit: edit.span)
    if any(a.span.end > b.span.start for a, b in pairwise(ordered)):
        raise ValueError("two edits overlap")
    parts, position = list[bytes](), 0
    for (start, end), new in ordered:
        if not 0 <= start <= end <= len(text):
            raise ValueError(f"span outside the text: {start} to {end} of {len(text)} bytes")
        parts += [text[position:start], new.encode()]
        position = end
    parts.append(text[position:])
    for part in parts[::2]:
        part.decode()  # raises UnicodeDecodeError, a ValueError, if a part begins or ends within a character
    return b"".join(parts).decode()
