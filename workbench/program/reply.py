"""Parsing of model replies: finds the code in a reply and merges it into the parent program."""

from __future__ import annotations

import re
from collections.abc import Collection

from workbench.errors import Rejected
from workbench.model import Program
from workbench.program import source as text_of
from workbench.program.fences import Piece, fenced, find_pieces, open_fence
from workbench.program.joining import (
    MOST_PIECES,
    choose,
    read_parts,
    refuse_broken_lines,
    refuse_holes,
    refuse_rivals,
    with_missing,
)
from workbench.program.lexing import at_margin
from workbench.program.reply_edits import apply_edits, find_edits, has_edits

__all__ = ["MAX_REPLY_CHARS", "Piece", "find_pieces", "has_edits", "parse", "split_reasoning"]

MAX_REPLY_CHARS = 400_000
"""Maximum length of a reply without its reasoning; longer ones are rejected unread."""

_REASONING = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n?")
_BOM = re.compile(r"^((?:[^\S\n]|>)*)\ufeff+", re.MULTILINE)
_ELIDED = re.compile(
    r"^[ \t]*#[ \t]*(?:\.{3}|\u2026).*$"
    r"|^[ \t]*#.*\b(?:rest|remainder) of (?:the )?(?:code|function|class|program|method|file)\b.*$",
    re.IGNORECASE | re.MULTILINE,
)


def parse(text: str, parent: Program, modules: Collection[str] = (), *, truncated: bool | None = False) -> Program:
    """Extract a program from a reply.

    Three forms are accepted: SEARCH/REPLACE edits of the parent; a whole program; or some definitions, which replace those
    of the same name in the parent's EVOLVE-BLOCK. Of several code pieces, the last one that yields a program is used,
    together with those that add to it. Missing imports, parameters and block markers are restored.

    Parameters
    ----------
    text
        Unmodified reply: with or without code fences and reasoning, possibly truncated.
    parent
        Program that the model was asked to improve.
    modules
        Modules allowed in addition to the standard ones.
    truncated
        Whether the reply was cut at its longest length: then it is never used, even where what is there could be parsed.
        None if that is not known: then a fence that is not closed counts as cut.

    Raises
    ------
    Rejected
        With a reason that helps to fix the reply.
    """
    if truncated:
        raise Rejected("the reply is truncated: it ended at the limit of its length; answer shorter, with the code alone")
    outside, unfinished = split_reasoning(at_margin(_BOM.sub(r"\1", _LINE_END.sub("\n", text))))
    if max(len(outside), len(unfinished)) > MAX_REPLY_CHARS:
        raise Rejected(f"the reply has {max(len(outside), len(unfinished)):,} characters; at most {MAX_REPLY_CHARS:,} are allowed")
    edits, rest = find_edits(outside)
    if truncated is None and (line := open_fence(rest) or open_fence(unfinished)):
        raise Rejected(f"the reply may be truncated: the fence in line {line} is not closed; close it")
    if edits:
        parts = read_parts(find_pieces(rest)[-MOST_PIECES:])
        source = with_missing(apply_edits(edits, parent.source), parts, modules)
        program = text_of.screen(source, parent.entry, modules)
        refuse_broken_lines(text_of.parsed(program.source), program.source, parent.source)
        refuse_rivals(program, parts, (), parent)
        refuse_holes(program, parent)
        return _complete(program, parent)
    # Unclosed reasoning may still contain the answer, but only fenced code in it is used.
    pieces = find_pieces(outside) or fenced(unfinished)
    if not pieces:
        if not text.strip():
            raise Rejected("the reply is empty")
        if not outside.strip():
            raise Rejected("the reply contains reasoning only: give the code after the reasoning")
        raise Rejected("the reply contains no code: answer with Python in one ```python fence")
    return _complete(choose(pieces, parent, modules), parent)


def _complete(program: Program, parent: Program) -> Program:
    """Return the program, unless a comment says that some of it is left out."""
    for found in _ELIDED.finditer(program.source):
        if found[0] not in parent.source:
            raise Rejected(f"the reply leaves code out: {found[0].strip()[:80]!r} stands for it; write all lines, or use edits")
    return program


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
