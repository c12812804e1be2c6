"""What of a line of Python is string, comment or code, carried from line to line; for text that may not be valid Python."""

from __future__ import annotations

import functools
import re

_MARK = re.compile(r"""#|\"{3}|'{3}|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|[(\[{]|[)\]}]""")
_ENDS = {quote: re.compile(rf"\\.|{quote}", re.DOTALL) for quote in ('"""', "'''")}
_ODD_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_UNSEEN = re.compile("[\u200b-\u200d\u2060\ufeff]")


class Lexer:
    """State between lines.

    Attributes
    ----------
    quote
        The triple quote that is open, or empty.
    depth
        Number of open brackets.
    """

    def __init__(self) -> None:
        self.quote, self.depth = "", 0

    def feed(self, line: str) -> list[tuple[int, int]]:
        """Read one line; return the spans in it that are strings or comments."""
        spans, at = [], 0
        if self.quote:
            at = self._end_of_string(line, 0)
            spans.append((0, at))
        while at < len(line) and (found := _MARK.search(line, at)):
            mark, at = found[0], found.end()
            if mark == "#":
                spans.append((found.start(), len(line)))
                break
            if mark in _ENDS:
                self.quote = mark
                at = self._end_of_string(line, at)
                spans.append((found.start(), at))
            elif mark[0] in "\"'":
                spans.append((found.start(), at))
            else:
                self.depth = max(0, self.depth + (1 if mark in "([{" else -1))
        return spans

    def _end_of_string(self, line: str, at: int) -> int:
        for found in _ENDS[self.quote].finditer(line, at):
            if found[0] == self.quote:
                self.quote = ""
                return found.end()
        return len(line)


def plain(code: str) -> str:
    """Replace odd spaces outside strings and comments, where Python has no use for them, and drop characters without width."""
    if not (_ODD_SPACE.search(code) or _UNSEEN.search(code)):
        return code
    lexer, lines = Lexer(), []
    for line in code.split("\n"):
        parts, at = [], 0
        for start, end in [*lexer.feed(line), (len(line), len(line))]:
            parts += [_UNSEEN.sub("", _ODD_SPACE.sub(" ", line[at:start])), line[start:end]]
            at = end
        lines.append("".join(parts))
    return "\n".join(lines)


def dedented(lines: list[str]) -> str:
    """Join lines without their common indentation; lines within strings lose at most as much."""
    if not next((line for line in lines if line.strip()), "")[:1].isspace() and not any(map(str.isspace, lines)):
        return "\n".join(lines)  # nothing in common with the first line, and no white space to trim
    lexer, margin, within = Lexer(), None, []
    for line in lines:
        within.append(bool(lexer.quote))
        if line.strip() and not lexer.quote:
            indent = line[: len(line) - len(line.lstrip())]
            margin = indent if margin is None else _common(margin, indent)
        lexer.feed(line)
    margin = margin or ""
    shown = [
        line[len(margin) :] if line.startswith(margin) else line.lstrip() if within[i] and line.strip() else line.strip()
        for i, line in enumerate(lines)
    ]
    return "\n".join(line if line.strip() or within[i] else "" for i, line in enumerate(shown))


def at_margin(text: str) -> str:
    """Return a text without the white space that all of its lines begin with; `textwrap.dedent` knows blanks and tabs only."""
    lines = text.split("\n")
    margins = [line[: len(line) - len(line.lstrip())] for line in lines if line.strip()]
    margin = len(functools.reduce(_common, margins)) if margins else 0
    return "\n".join(line[margin:] if line.strip() else "" for line in lines)


def _common(a: str, b: str) -> str:
    end = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[:end]
