"""Text of others in a prompt: always inside a fence or a code span that it cannot end, and without characters that nobody sees."""

from __future__ import annotations

import re
import unicodedata

_TICKS = re.compile("`+")
_UNUSUAL = re.compile(r"[^\n\t\x20-\x7e]")
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories of controls, of characters that reorder or join others, of tags and of what has no meaning."""
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks that show nothing: enough of them spell a message that only a model reads."""
_LONGEST_SPAN = 240


def fence(text: str, language: str = "text") -> str:
    """Return a text in a fence of more backticks than it contains, without empty lines around it."""
    shown = seen(text).strip("\n")
    ticks = "`" * max(3, 1 + max(map(len, _TICKS.findall(shown)), default=0))
    return f"{ticks}{language}\n{shown}\n{ticks}"


def span(name: str) -> str:
    """Return a name in a code span, in one line and of bounded length."""
    shown = one_line(name)
    shown = shown if len(shown) <= _LONGEST_SPAN else f"{shown[:_LONGEST_SPAN]}..."
    ticks = "`" * (1 + max(map(len, _TICKS.findall(shown)), default=0))
    pad = " " if shown[:1] == "`" or shown[-1:] == "`" else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}" if shown else "(no name)"


def one_line(text: str) -> str:
    """Return a text in one line."""
    return " ".join(seen(text).split())


def seen(text: str) -> str:
    """Replace characters that are not seen, or that change the order in which others are seen, by their escapes.

    Tabs and line ends stay; every kind of line end becomes a newline.
    """
    return _UNUSUAL.sub(lambda found: _escaped(found[0]), text.replace("\r\n", "\n").replace("\r", "\n"))


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN and not _BLANK.match(character):
        return character
    return character.encode("unicode_escape", "surrogatepass").decode()
