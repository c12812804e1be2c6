"""Edits in a model's reply: which lines are to be replaced by which; what is not clear is refused with its line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from workbench.errors import Rejected
from workbench.program.fences import quotation, unquoted
from workbench.program.lexing import plain
from workbench.program.matching import NotFound, replaced

_MOST_EDITS = 64
_FENCE = re.compile(r"(`{3,}|~{3,})[^`]*$")
_OPEN = re.compile(
    r"<{5,}\s*(?:SEARCH|ORIGINAL|OLD|BEFORE|FIND|HEAD)\b.*$|<{2,4}\s*(?:SEARCH|ORIGINAL)\s*[:<>]*$"
    r"|-{5,}\s*(?:SEARCH|ORIGINAL|OLD|FIND)\b\s*[:>-]*$",
    re.IGNORECASE,
)
_DIVIDER = re.compile(r"={3,}\s*(?:REPLACE|UPDATED)?\s*:?$", re.IGNORECASE)
_CLOSE = re.compile(r">{5,}.*$|>{2,4}\s*(?:REPLACE|UPDATED)\s*[:<>]*$|\+{5,}\s*(?:REPLACE|UPDATED|NEW)\b.*$", re.IGNORECASE)
_LONE = re.compile(  # a marker without its other half, or one that has lost signs
    r"(?:[<>]+|[-+=]{3,})\s*(?:SEARCH|ORIGINAL|REPLACE|UPDATED)\b\s*\S?$|<{5,}\s*\S?$|>{5,}(?:\s*\S?|\s*(?:REPLACE|UPDATED)\b.*)$",
    re.IGNORECASE,
)
_IN_MARKERS = ("search", "original", "old", "before", "find", "head", "replace", "updated", "<<<<<", ">>>>>")
"""Each marker contains one of these, in lower case."""
_WORD = re.compile(
    r" {0,3}(?:#{2,6} )?[*_\s-]*(?:(?P<old>SEARCH|ORIGINAL)|(?P<new>REPLACE(?: WITH)?|UPDATED))"
    r"(?: (?:BLOCK|CODE|TEXT))?[*_]*:[*_]*\s*$",
    re.IGNORECASE,
)
_CODE_AT_MARGIN = re.compile(
    r"\s|$|#|[)\]}]|@\w|(?:if|elif|for|while|with) .*:|(?:else|try|finally|except.*):|(?:def|class|import|from|async) "
    r"|[A-Za-z_][\w.\[\], ]* *(?::[^=]*)?[-+*/]?=[^=]"
)


class SearchReplace(NamedTuple):
    """One edit as it stands in a reply.

    Attributes
    ----------
    line
        Line of its first marker in the reply, from 1.
    lines
        What stands between the first and the last marker.
    dividers
        Indices of the lines that may divide SEARCH from REPLACE; usually one.
    """

    line: int
    lines: tuple[str, ...]
    dividers: tuple[int, ...]


def find_edits(text: str) -> tuple[list[SearchReplace], str]:
    """Return all edits in a text, in order, and the text without them.

    Raises
    ------
    Rejected
        An edit is incomplete, or there are too many.
    """
    lowered = text.lower()
    if not any(part in lowered for part in _IN_MARKERS):
        return [], text
    lines = text.split("\n")
    edits, rest = _marked(lines)
    if not edits:
        edits, rest = _worded(lines)
    if len(edits) > _MOST_EDITS:
        raise Rejected(f"the reply has {len(edits)} edits; at most {_MOST_EDITS} are allowed")
    return edits, "\n".join(rest)


def has_edits(text: str) -> bool:
    """Whether a reply looks like edits; they may still fail to apply."""
    return any(_OPEN.match(_bare(line)) or ((found := _WORD.match(line)) and found["old"]) for line in text.split("\n"))


def apply_edits(edits: Sequence[SearchReplace], source: str) -> str:
    """Apply edits in order.

    Differences in white space are ignored when matching, as are cut lines that REPLACE repeats, where one place matches.

    Raises
    ------
    Rejected
        A SEARCH text is empty, not found, or found several times; or an edit could mean several things.
    """
    for number, edit in enumerate(edits, 1):
        where = f"edit {number} (line {edit.line} of the reply)"
        found, faults = set[str](), list[Rejected]()
        for divider in edit.dividers:
            search, replace = list(edit.lines[:divider]), plain("\n".join(edit.lines[divider + 1 :])).split("\n")
            for old, new in ((search, replace), (_unfenced(search), _unfenced(replace))):
                try:
                    found.add(replaced(source, old, new, where))
                except NotFound as error:
                    faults.append(error)
                    continue
                break
        if len(found) > 1:
            raise Rejected(f"{where}: it has several `=======` lines, and more than one could divide it; use a unique SEARCH text")
        if not found:
            raise Rejected(str(faults[0]))
        source = found.pop()
    return source


def _bare(line: str) -> str:
    return (unquoted(line, quotation(line)) or "").strip()


def _marked(lines: list[str]) -> tuple[list[SearchReplace], list[str]]:
    """Find edits between markers of brackets, dashes or signs."""
    edits: list[SearchReplace] = []
    rest: list[str] = []
    held: list[str] | None = None
    begun = depth = 0
    for at, line in enumerate(lines, 1):
        bare = _bare(line)
        if _OPEN.match(bare):
            if held is not None:
                missing = _missing(held)
                raise Rejected(
                    f"edit {len(edits) + 1} (line {begun} of the reply) has no `{missing}` line before the next begins in line {at}"
                )
            held, begun, depth = [], at, quotation(line)
        elif held is None:
            if _LONE.match(bare):
                raise Rejected(f"line {at} of the reply, `{bare[:40]}`, belongs to no edit: one begins with `<<<<<<< SEARCH`")
            rest.append(line)
            continue
        else:
            inner = unquoted(line, depth) if not _CLOSE.match(line.strip()) else line
            inner = line if inner is None else inner
            if _CLOSE.match(inner.strip()) and (dividers := _dividers(held)):
                edits.append(SearchReplace(begun, tuple(held), dividers))
                held = None
            else:
                held.append(inner)
        rest.append("")  # lines keep their numbers
    if held is not None:
        missing = _missing(held)
        raise Rejected(f"the reply is truncated: edit {len(edits) + 1} has no `{missing}` line (it begins in line {begun})")
    return edits, rest


def _dividers(held: Sequence[str]) -> tuple[int, ...]:
    return tuple(i for i, line in enumerate(held) if _DIVIDER.match(line.strip()))


def _missing(held: Sequence[str]) -> str:
    return ">>>>>>> REPLACE" if _dividers(held) else "======="


def _worded(lines: list[str]) -> tuple[list[SearchReplace], list[str]]:
    """Find edits after the words SEARCH: and REPLACE:, each part in a fence, or up to the next word or the end."""
    marks = [(i, "old" if found["old"] else "new") for i, line in enumerate(lines) if (found := _WORD.match(_bare(line)))]
    if not {"old", "new"} <= {kind for _, kind in marks}:
        if marks and marks[-1][1] == "old" and sum(bool(_FENCE.match(_bare(line))) for line in lines[marks[-1][0] :]) <= 2:
            raise Rejected(_alone(marks[-1][0], lines))
        return [], lines
    edits: list[SearchReplace] = []
    rest, done = list[str](), 0
    for (a, kind), (b, other), after in zip(marks, marks[1:], [*(i for i, _ in marks[2:]), len(lines)], strict=False):
        if kind == other:
            raise Rejected(f"line {b + 1} of the reply, `{lines[b].strip()[:40]}`, follows another of its kind in line {a + 1}")
        if kind == "new":
            continue
        depth = quotation(lines[a])
        old, _ = _part(_within(lines[a + 1 : b], depth, a + 2, last=False), a + 2, last=False)
        new, used = _part(_within(lines[b + 1 : after], depth, b + 2, last=True), b + 2, last=True)
        edits.append(SearchReplace(a + 1, (*old, "=======", *new), (len(old),)))
        rest += lines[done:a]
        done = b + 1 + used
        rest += [""] * (done - a)
    if marks[0][1] == "new" or marks[-1][1] == "old":
        at = marks[0][0] if marks[0][1] == "new" else marks[-1][0]
        raise Rejected(_alone(at, lines))
    return edits, rest + lines[done:]


def _within(lines: list[str], depth: int, first: int, *, last: bool) -> list[str]:
    """Return the lines of one part of a worded edit as they are quoted; the last part ends with the quotation."""
    found = list[str]()
    for at, line in enumerate(lines, first):
        inner = unquoted(line, depth)
        if inner is None and line.strip():
            if last:
                break
            raise Rejected(f"line {at} of the reply, {line[:40]!r}, is not quoted, but the edit around it is")
        found.append(inner or "")
    return found


def _alone(at: int, lines: list[str]) -> str:
    return f"line {at + 1} of the reply, `{lines[at].strip()[:40]}`, has no counterpart: an edit needs both parts"


def _part(lines: list[str], first: int, *, last: bool) -> tuple[list[str], int]:
    """Return the lines of one part of a worded edit, and how many were read."""
    begin = next((i for i, line in enumerate(lines) if line.strip()), 0)
    fence = _FENCE.match(lines[begin].strip()) if lines else None
    if fence:
        mark = fence[1]
        ends = (i for i in range(begin + 1, len(lines)) if (s := lines[i].strip()).startswith(mark) and not s.strip(mark[0]))
        end = next(ends, None)
        if end is None:
            raise Rejected(f"the reply is truncated: the fence in line {first + begin} is not closed")
        if not last and any(line.strip() for line in lines[end + 1 :]):
            raise Rejected(f"line {first + end + 1} of the reply stands between SEARCH and REPLACE: it belongs to neither")
        return lines[begin + 1 : end], end + 1
    end = next((i for i, line in enumerate(lines) if _FENCE.match(line.strip())), len(lines))  # one fence around both parts
    wrong = next((i for i, line in enumerate(lines[:end]) if not _CODE_AT_MARGIN.match(line)), None)
    if wrong is not None:
        raise Rejected(
            f"line {first + wrong} of the reply, {lines[wrong][:40]!r}, may be words or code: put each part of an edit in a fence"
        )
    return lines[:end], end


def _unfenced(lines: list[str]) -> list[str]:
    """Return a part of an edit without a fence that encloses it."""
    held = [i for i, line in enumerate(lines) if line.strip()]
    if len(held) >= 2 and (mark := _FENCE.match(lines[held[0]].strip())) and lines[held[-1]].strip() == mark[1]:
        return lines[held[0] + 1 : held[-1]]
    return lines
