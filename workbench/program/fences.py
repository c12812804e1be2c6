"""Code in a model's reply: fences by the rules of CommonMark, as models write them, or else lines that look like code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from workbench.errors import Rejected
from workbench.program.lexing import Lexer, dedented
from workbench.program.source import MAX_SOURCE_BYTES, parse

CODE_START = re.compile(
    r"(?:async )?def \w+ *\(|class \w+ *[(:]|(?:def|class)$"
    r"|import [\w.]+ *(?:$|,|as )|from [\w.]+ import |@\w|[A-Za-z_]\w* *(?::[^=]*)?=(?:[^=]|$)"
)
_CODE_LINE = re.compile(
    r"\s|$|#|[)\]}]|(?:if|elif|for|while|with) .*[:([{,\\] *(?:#.*)?$|(?:else|try|finally|except.*): *(?:#.*)?$"
    r"|[A-Za-z_]\w* *[-+*/]?=[^=]|" + CODE_START.pattern
)
_DEFINITION = re.compile(r"(?:async )?def \w+ *\(|class \w+ *[(:]|(?:def|class)$")
_START = re.compile(r"\s*(?:(?:[-*+]|\d{1,9}[.)])\s+)?")
_QUOTED = re.compile(r"(?:\s*>\s?)+")
_GOES_ON = re.compile(r"[-+*/%&|^<=.,]|(?:and|or|else|in|is|if|return|yield|raise|assert)\b|(?:pass|break|continue)$")
_UNFINISHED = re.compile(r".*(?:[-+*/%&|^<=,]|\b(?:return|and|or|not|else|in|is|if|lambda))$")
_LANGUAGE = re.compile(r"\{?\.?(?:python3?|py3?)\b(?: ?3(?:\.\d+)?\b)?\}?:?", re.IGNORECASE)
_SPOKEN = re.compile(r"\{?\.?(?:python3?|py3?)?\}?$", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"[A-Za-z_]\w*=")  # of a fence: title="x.py"
_OTHER = frozenset(
    "bash sh shell console zsh powershell json yaml toml xml html css sql text txt plaintext output c cpp c++ java javascript js "
    "typescript ts rust go diff patch latex tex math mermaid csv".split()
)
_MARKDOWN = frozenset({"markdown", "md"})
_ODD = "\0\ufffd\u200b\u200c\u200d\u2060" + "".join(
    map(chr, range(0xD800, 0xE000))
)  # what a line of code may begin with by mistake
_SPACES = frozenset(" \u00a0")
_MOST_TRIES = 8  # of strings that go on beyond a fence's end
_DEEPEST = 3  # fences within fences, and quotations within quotations


class Piece(NamedTuple):
    """Code found in a reply.

    Attributes
    ----------
    closed
        False if its fence is not closed.
    line
        First line of the code in the text, from 1.
    aside
        Whether it stands outside fences and only assigns: words may look like that, so it adds only what is missing.
    """

    code: str
    closed: bool
    line: int = 1
    aside: bool = False


class _Opening(NamedTuple):
    """An opening fence: its character and length, what stands behind it, and how deep it is quoted."""

    char: str
    length: int
    info: str
    depth: int

    @property
    def language(self) -> str:
        """First word of the info, in lower case, without braces."""
        return (self.info.split() or [""])[0].strip("{}.:" + _ODD).lower()


def find_pieces(text: str) -> list[Piece]:
    """Return all code in a text, in order: fenced code and definitions between fences, or, without fences, what looks like code."""
    everything = _everything(text)
    found = _of_python(everything)
    outside = _outside(text, [piece for piece, _ in everything])
    if not found:
        return outside
    between = [piece._replace(aside=not _defines(piece)) for piece in outside]  # as where a fence was forgotten
    return sorted([*found, *between], key=lambda piece: piece.line)


def open_fence(text: str) -> int | None:
    """Return the line of a fence that is not closed."""
    return next((max(1, piece.line - 1) for piece, _ in _everything(text) if not piece.closed), None)


def fenced(text: str) -> list[Piece]:
    """Return the code in fences. Fences marked as another language count only if they define something and there is no other."""
    return _of_python(_everything(text))


def _everything(text: str) -> list[tuple[Piece, str]]:
    return list(_fenced(text.split("\n"), 0, [_MOST_TRIES]))


def _of_python(found: list[tuple[Piece, str]]) -> list[Piece]:
    held = [(p, language) for p, language in found if p.code.strip()]
    return [p for p, language in held if language not in _OTHER] or [p for p, _ in held if _defines(p)]


def _defines(piece: Piece) -> bool:
    return any(_DEFINITION.match(line) for line in piece.code.split("\n"))


def _outside(text: str, found: list[Piece]) -> list[Piece]:
    taken = {line for piece in found for line in range(piece.line, piece.line + piece.code.count("\n") + 1)}
    lines = ["" if n in taken else unquoted(line, quotation(line)) or "" for n, line in enumerate(text.split("\n"), 1)]
    return list(_bare("\n".join(lines)))


def unquoted(line: str, depth: int) -> str | None:
    """Return a line without `depth` quotation marks of markdown; None if it has fewer."""
    for _ in range(depth):
        stripped = line.lstrip()
        if not stripped.startswith(">"):
            return None
        line = stripped[2:] if stripped[1:2] in _SPACES else stripped[1:]
    return line


def quotation(line: str) -> int:
    """Count the quotation marks of markdown before a fence or marker, not those of a marker itself."""
    found = _QUOTED.match(line)
    depth = found[0].count(">") if found and ">>" not in found[0] else 0
    return depth if depth <= _DEEPEST else 0


def _fenced(lines: list[str], nested: int, tries: list[int], first: int = 1) -> Iterator[tuple[Piece, str]]:
    at = 0
    unfenced: Lexer | None = None
    while at < len(lines):
        line = lines[at]
        at += 1
        bare = _bared(unquoted(line, quotation(line)) or "")
        if _DEFINITION.match(bare.lstrip()):
            unfenced = unfenced or Lexer()
        if unfenced is not None:
            in_string, in_brackets = bool(unfenced.quote), unfenced.depth > 0
            unfenced.feed(line)
            if in_string:
                continue  # a fence in the docstring of code without a fence
            if not in_brackets and not _CODE_LINE.match(bare) and not line.endswith(":"):
                unfenced = None
        opening = _opening(line)
        if opening is None:
            continue
        unfenced = None
        inline = _code_behind(opening)
        if inline and inline.endswith(opening.char * 3):
            yield Piece(inline.rstrip(opening.char).rstrip(), True, first + at - 1), opening.language
            continue
        start, above = at, [inline] if inline else []
        body, at, closed = _body(lines, at, opening, tries)
        body = above + body
        if (opening.length > 3 and not _LANGUAGE.match(opening.info)) or opening.language in _MARKDOWN:
            shown = dedented(body)
            within = list(_fenced(shown.split("\n"), nested + 1, tries, first + start)) if nested < _DEEPEST else []
            if within and not _is_python(shown):
                yield from (within if closed else [*within[:-1], (within[-1][0]._replace(closed=False), within[-1][1])])
                continue
        if "".join(body).strip() or not closed:
            yield Piece(dedented(body), closed, first + start - len(above)), opening.language


def _is_python(code: str) -> bool:
    try:
        return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in parse(code).body)
    except Rejected:
        return False


def _opening(line: str) -> _Opening | None:
    depth = quotation(line)
    text = unquoted(line, depth) or ""
    begun = text[_START.match(text).end() :].rstrip()  # type: ignore[union-attr]
    for char in "`~":
        if begun.startswith(char * 3):
            info = begun.lstrip(char)
            if char == "`" and "`" in info and not info.endswith("```"):
                return None  # code in a line of words
            return _Opening(char, len(begun) - len(info), info.strip(), depth)
    spoken = _SPOKEN.search(begun[-12:])
    words = begun[: len(begun) - len(spoken[0])].rstrip() if spoken else begun
    for char in "`~":
        if words.endswith(char * 3):
            return _Opening(char, len(words) - len(words.rstrip(char)), spoken[0] if spoken else "", depth)
    return None


def _code_behind(opening: _Opening) -> str:
    """Return code on the line of the opening fence."""
    language = _LANGUAGE.match(opening.info)
    rest = opening.info[language.end() :].strip() if language else opening.info
    return "" if _ATTRIBUTE.match(rest) or not CODE_START.match(rest) else rest


def _body(lines: list[str], start: int, opening: _Opening, tries: list[int]) -> tuple[list[str], int, bool]:
    """Return the lines of a fence, where the text goes on, and whether it is closed.

    A fence within a string, as in a docstring, is no end if the string ends: what an example holds is not the answer.
    """
    lexer, body = Lexer(), list[str]()
    first: tuple[list[str], int, bool] | None = None
    size, patient = 0, tries[0] > 0 and opening.language not in _MARKDOWN
    for at in range(start, len(lines)):
        line = unquoted(lines[at], opening.depth)
        if line is None:
            return _never_closed(first, body, at, lexer)
        end = _end(line, opening, lexer)
        if end is not None:
            text, goes_on = end
            whole = ([*body, *([text] if text else [])], at + goes_on, True)
            if not (lexer.quote and patient):
                return whole
            if first is None:
                first = whole
                tries[0] -= 1
        lexer.feed(line)
        body.append(line)
        size += len(line) + 1
        if first is not None and size > MAX_SOURCE_BYTES:
            return first
    return _never_closed(first, body, len(lines), lexer)


def _never_closed(first: tuple[list[str], int, bool] | None, body: list[str], at: int, lexer: Lexer) -> tuple[list[str], int, bool]:
    """Return a fence without an end; one within a string counts where the string has no end either."""
    return (first[0], first[1], False) if first and lexer.quote else (body, at, False)


def _end(line: str, opening: _Opening, lexer: Lexer) -> tuple[str, int] | None:
    """Return the code on a line that ends a fence, and 1 if the text goes on behind it, 0 if it opens the next one itself."""
    if opening.char not in line:
        return None
    bare = line.strip()
    rest = bare.lstrip(opening.char)
    if len(bare) - len(rest) >= opening.length:
        if not rest:
            return "", 1
        if _LANGUAGE.match(rest) and _LANGUAGE.fullmatch(rest.strip()):
            return "", 0
        return None
    glued = bare.rstrip(opening.char)
    if lexer.quote or not bare or len(bare) - len(glued) < opening.length:
        return None
    probe = Lexer()
    in_comment = any(end == len(line) and line[start] == "#" for start, end in probe.feed(line))
    return None if in_comment else (line.rstrip().rstrip(opening.char), 1)


def _bared(line: str) -> str:
    """Return a line of code without odd characters before it and the end of a fence behind it."""
    shown = line.lstrip(_ODD)
    return bare if shown.endswith(("```", "~~~")) and (bare := shown.rstrip("`~")).strip() else shown


def _is_broken(above: str, line: str, below: str) -> bool:
    """Whether a line that is no code stands within code, as part of a line that was wrapped."""
    return bool(_GOES_ON.match(line) or _UNFINISHED.match(above) or (below.strip() and below[0].isspace()))


def _bare(text: str) -> Iterator[Piece]:
    found: list[str] = []
    lexer, start = Lexer(), 0
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if not line and not found:
            continue
        within = bool(lexer.quote or lexer.depth)
        line = line if within else _bared(line)
        fence = not within and line.strip()[:3] in ("```", "~~~")
        begins = not found and CODE_START.match(line.lstrip()) and "```" not in line
        if begins or (found and (within or (_CODE_LINE.match(line) and not fence))):
            start = start if found else at
            found.append(line)
            lexer.feed(line)
        elif not found and at and (line == "=" or line.startswith("= ")):
            found, start = [lines[at - 1], line], at - 1  # an assignment that was wrapped
        elif found and not fence and _is_broken(found[-1], line, lines[at + 1] if at + 1 < len(lines) else ""):
            found.append(line)  # the code goes on behind a line that is none: it is refused for that line
        elif found:
            yield Piece(dedented(found), True, start + 1)
            lexer, found = Lexer(), []
    if found:
        yield Piece(dedented(found), False, start + 1)
