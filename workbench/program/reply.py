"""Parsing of model replies: finds the code in a reply and merges it into the parent program."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from workbench.errors import Rejected
from workbench.model import Program
from workbench.program import source as text_of
from workbench.program.splice import Frame, complete, frame, splice

MAX_REPLY_CHARS = 400_000
"""Maximum length of a reply without its reasoning; longer ones are rejected unread."""

_MOST_PIECES = 16  # the last ones are used: a model may show drafts first
_MOST_EDITS = 64
_REASONING = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_FENCE = re.compile(r"(?:`{3,}|~{3,})")
_LANGUAGE = re.compile(r"\{?\.?(?:python3?|py3?|Python)\b\}?:?", re.IGNORECASE)
_CODE_START = re.compile(
    r"(?:async )?def \w+ *\(|class \w+ *[(:]|import [\w.]+ *(?:$|,|as )|from [\w.]+ import |@\w|[A-Za-z_]\w* *(?::[^=]*)?=[^=]"
)
_CODE_LINE = re.compile(
    r"\s|$|#|[)\]}]|(?:if|elif|for|while|with) .*|(?:else|try|finally|except.*):|[A-Za-z_]\w* *[-+*/]?=[^=]|" + _CODE_START.pattern
)


class Piece(NamedTuple):
    """Code found in a reply; `closed` is False if its fence is not closed."""

    code: str
    closed: bool


class SearchReplace(NamedTuple):
    """One SEARCH/REPLACE pair."""

    search: str
    replace: str


def parse(text: str, parent: Program, modules: Collection[str] = ()) -> Program:
    """Extract a program from a reply.

    Three forms are accepted: SEARCH/REPLACE edits of the parent; a whole program; or some definitions, which replace those
    of the same name in the parent's EVOLVE-BLOCK. Of several code pieces, the last one that yields a program is used.
    Missing imports, parameters and block markers are restored.

    Parameters
    ----------
    text
        Unmodified reply: with or without code fences and reasoning, possibly truncated.
    parent
        Program that the model was asked to improve.
    modules
        Modules allowed in addition to the standard ones.

    Raises
    ------
    Rejected
        With a reason that helps to fix the reply.
    """
    outside, unfinished = split_reasoning(text.replace("\r\n", "\n").replace("\u00a0", " ").removeprefix("\ufeff"))
    if max(len(outside), len(unfinished)) > MAX_REPLY_CHARS:
        raise Rejected(f"the reply has {max(len(outside), len(unfinished)):,} characters; at most {MAX_REPLY_CHARS:,} are allowed")
    edits = find_edits(outside)
    if edits:
        return text_of.screen(complete(apply_edits(edits, parent.source), modules), parent.entry, modules)
    # Unclosed reasoning may still contain the answer, but only fenced code in it is used.
    pieces = find_pieces(outside) or list(_fenced(unfinished))
    if not pieces:
        if not text.strip():
            raise Rejected("the reply is empty")
        if not outside.strip():
            raise Rejected("the reply contains reasoning only: give the code after the reasoning")
        raise Rejected("the reply contains no code: answer with Python in one ```python fence")
    return _choose(pieces[-_MOST_PIECES:], frame(parent), modules)


def _choose(pieces: list[Piece], parent: Frame, modules: Collection[str]) -> Program:
    unchanged: Program | None = None
    reason = ""
    for piece in reversed(pieces):
        try:
            program = _assemble(piece, parent, modules)
        except Rejected as error:
            # Usage examples and sample output often come last; report the reason for the piece that looks like an answer.
            if not reason or ("def " in piece.code and "does not define" in reason):
                reason = str(error)
            continue
        if program.source.strip() != parent.program.source.strip():
            return program
        unchanged = program
    if unchanged is None or reason:
        raise Rejected(reason)
    return unchanged


def _assemble(piece: Piece, parent: Frame, modules: Collection[str]) -> Program:
    try:
        tree = text_of.parse(piece.code)
    except Rejected as error:
        if piece.closed:
            raise
        raise Rejected(f"the reply is truncated: its code is incomplete ({error})") from error
    merged = complete(splice(piece.code, tree, parent), modules)
    return text_of.screen(merged, parent.program.entry, modules, tree if merged == piece.code else None)


# --------------------------------------------------------------------------- finding code


def split_reasoning(text: str) -> tuple[str, str]:
    """Split a reply into the text outside reasoning and unclosed reasoning (usually empty).

    A closing tag without an opening one ends reasoning that started with the reply: some chat templates supply the opening tag.
    """
    kept: list[str] = []
    position, depth = 0, 0
    for tag in _REASONING.finditer(text):
        if tag[1]:
            if depth == 0:
                kept.clear()
            depth = max(0, depth - 1)
        else:
            if depth == 0:
                kept.append(text[position : tag.start()])
            depth += 1
        position = tag.end()
    rest = text[position:]
    return ("".join(kept), rest) if depth else ("".join(kept) + rest, "")


def find_pieces(text: str) -> list[Piece]:
    """Return all code in a text, in order: fenced code, or, without fences, lines that look like code."""
    return list(_fenced(text)) or list(_bare(text))


def _fenced(text: str) -> Iterator[Piece]:
    lines: list[str] | None = None  # None outside a fence
    for line in text.split("\n"):
        bare = line.strip()
        mark = _FENCE.match(bare)
        if lines is None:
            opening = mark or (_FENCE.search(bare) if bare.endswith(("```", "~~~", "python", "py")) else None)
            if opening is None:
                continue
            rest = bare[opening.end() :].strip()
            language = _LANGUAGE.match(rest)
            rest = rest[language.end() :].strip() if language else rest
            lines = [rest] if _CODE_START.match(rest) else []  # code on the same line as the fence
            if lines and rest.endswith(("```", "~~~")):
                yield Piece(rest.rstrip("`~"), True)
                lines = None
        elif mark:
            if "".join(lines).strip():
                yield Piece(_dedent(lines), True)
            lines = None if mark.end() == len(bare) else []  # a fence with a language opens the next piece
        elif bare.endswith("```"):
            lines.append(line.rstrip().rstrip("`"))
            yield Piece(_dedent(lines), True)
            lines = None
        else:
            lines.append(line)
    if lines is not None and "".join(lines).strip():
        yield Piece(_dedent(lines), False)


def _bare(text: str) -> Iterator[Piece]:
    lines: list[str] = []
    for line in text.split("\n"):
        if (lines and _CODE_LINE.match(line)) or (not lines and _CODE_START.match(line)):
            lines.append(line)
        elif lines:
            yield Piece("\n".join(lines), True)
            lines = []
    if lines:
        yield Piece("\n".join(lines), True)


def _dedent(lines: list[str]) -> str:
    margin = min((len(s) - len(s.lstrip()) for s in lines if s.strip()), default=0)
    return "\n".join(s[margin:] if s.strip() else "" for s in lines)


# --------------------------------------------------------------------------- edits


def find_edits(text: str) -> list[SearchReplace]:
    """Return all SEARCH/REPLACE pairs in a text, in order.

    Raises
    ------
    Rejected
        A pair is incomplete, or there are too many.
    """
    edits: list[SearchReplace] = []
    search: list[str] | None = None
    replace: list[str] | None = None
    for line in text.split("\n"):
        bare = line.strip()
        if bare.startswith("<<<<<") and bare.lstrip("<").strip().upper() == "SEARCH":
            search, replace = [], None
        elif search is not None and replace is None and len(bare) >= 5 and not bare.strip("="):
            replace = []
        elif search is not None and replace is not None and bare.startswith(">>>>>"):
            edits.append(SearchReplace("\n".join(search), "\n".join(replace)))
            search = replace = None
        elif replace is not None:
            replace.append(line)
        elif search is not None:
            search.append(line)
    if search is not None:
        missing = "=======" if replace is None else ">>>>>>> REPLACE"
        raise Rejected(f"the reply is truncated: edit {len(edits) + 1} has no `{missing}` line")
    if len(edits) > _MOST_EDITS:
        raise Rejected(f"the reply has {len(edits)} edits; at most {_MOST_EDITS} are allowed")
    return edits


def apply_edits(edits: list[SearchReplace], source: str) -> str:
    """Apply edits in order. Trailing blanks and a uniform shift of indentation are ignored when matching.

    Raises
    ------
    Rejected
        A SEARCH text is empty, not found, or found several times.
    """
    for number, edit in enumerate(edits, 1):
        wanted = [s.rstrip() for s in edit.search.strip("\n").split("\n")]
        if not any(wanted):
            raise Rejected(f"edit {number} has an empty SEARCH part")
        lines = [s.rstrip() for s in source.split("\n")]
        found = _occurrences(lines, wanted)
        if not found:
            found = _occurrences([s.lstrip() for s in lines], [s.lstrip() for s in wanted])
        if len(found) > 1:
            inside = _inside(lines)
            found = [i for i in found if i in inside] if sum(i in inside for i in found) == 1 else found
        first = next(s for s in wanted if s).strip()[:80]
        if not found:
            raise Rejected(f"edit {number}: the SEARCH text is not in the program (it starts with {first!r}); copy lines exactly")
        if len(found) > 1:
            raise Rejected(f"edit {number}: the SEARCH text occurs several times (it starts with {first!r}); include more lines")
        at = found[0]
        shift = _margin(lines[at : at + len(wanted)]) - _margin(wanted)
        new = [_shifted(s.rstrip(), shift) for s in edit.replace.strip("\n").split("\n")] if edit.replace.strip() else []
        source = "\n".join(lines[:at] + new + lines[at + len(wanted) :])
    return source


def _occurrences(lines: list[str], wanted: list[str]) -> list[int]:
    # Searching one joined string is linear; comparing windows of lines would be quadratic.
    haystack, needle = "\n" + "\n".join(lines) + "\n", "\n" + "\n".join(wanted) + "\n"
    found: list[int] = []
    at = haystack.find(needle)
    while at >= 0 and len(found) < 8:
        found.append(haystack.count("\n", 0, at))
        at = haystack.find(needle, at + 1)
    return found


def _inside(lines: list[str]) -> range:
    block = text_of.split_block("\n".join(lines) + "\n")
    if block is None:
        return range(0)
    start = block.before.count("\n")
    return range(start, start + block.inside.count("\n"))


def _margin(lines: list[str]) -> int:
    return min((len(s) - len(s.lstrip()) for s in lines if s.strip()), default=0)


def _shifted(line: str, shift: int) -> str:
    if not line or shift == 0:
        return line
    return " " * shift + line if shift > 0 else line[min(-shift, len(line) - len(line.lstrip())) :]


def has_edits(text: str) -> bool:
    """Whether a reply looks like SEARCH/REPLACE edits; they may still fail to apply."""
    return "<<<<<<< SEARCH" in text
