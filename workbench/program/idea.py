"""The idea behind a model's answer, in one line: what it says it changed and why."""

from __future__ import annotations

import re

from workbench.formatting import visible
from workbench.program.reply import split_reasoning

MOST_CHARS = 200
"""Maximum length of an idea; longer ones end with an ellipsis."""

_FENCE = re.compile(r"^\s*(?:`{3,}|~{3,}|<{5,})", re.MULTILINE)
_NAMED = re.compile(r"^[\s*_#>-]*idea[\s*_]*[:\u2013\u2014-][\s*_]*(?P<idea>\S.*)$", re.IGNORECASE | re.MULTILINE)
_MARKUP = re.compile(r"\*\*|`+|^\s*(?:[#>]+|[-+*\u2022]|\d+[.)])\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`(\[])")
_FILLER = re.compile(r"^(?:sure|certainly|of course|okay|ok|here(?:'s| is| are)|below is|the following)\b", re.IGNORECASE)


def idea_of(text: str) -> str:
    """Return the idea that an answer states: the line that begins with `Idea:`, otherwise its first sentence.

    Code and reasoning do not count. Empty if the answer consists of code only.
    """
    outside, _ = split_reasoning(text)
    before = _FENCE.split(outside, maxsplit=1)[0]
    if named := _NAMED.search(before):
        return shortened(named["idea"])
    sentences = [s for line in before.splitlines() for s in _SENTENCE_END.split(_plain(line)) if s]
    telling = [s for s in sentences if not _FILLER.match(s)]
    return shortened(telling[0]) if telling else ""


def shortened(text: str, most: int = MOST_CHARS) -> str:
    """Return a text as one line of plain characters, cut to a maximum length."""
    line = visible(_plain(" ".join(text.split())))
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}\u2026"


def _plain(line: str) -> str:
    return " ".join(_MARKUP.sub("", line).split())
