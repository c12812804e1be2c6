"""What is in an exported module: the program, everything between two marker lines byte for byte, and the name of its entry."""

from __future__ import annotations

import re

BEGIN = "# ---- The program begins on the next line. Up to the next such mark it is as it was found, byte for byte. ----"
END = "# ---- The program ends. Below: where it comes from, how it was measured, and a check of its answers. ----"

_ENTRY = re.compile(r"^# Entry: `(\w+)`", re.MULTILINE)
_PROGRAM = re.compile(rf"^{re.escape(BEGIN)}\r?\n(.*)\r?\n{re.escape(END)}\r?$", re.MULTILINE | re.DOTALL)
_SECOND_HEAD = """\
# The search judged this code by its decisions alone: it is kept as it was found, not as linters like it.
# ruff: noqa
# mypy: ignore-errors
"""
_SECOND_TAIL = "\n\n# The program ends here. Below: where it comes from, how it was measured, and a check of its answers.\n"
_FIRST_TAIL = "\n\nPROVENANCE: dict[str, Any] = "
"""Lines around the program in modules of earlier versions, which did not keep its first and last blank lines. In the first one
`__all__ = ...` is not part of the program."""


def wrap(head: str, program: str, tail: str) -> str:
    """Return the text of a module; `head` consists of complete comment lines, `tail` of complete lines."""
    return f"{head}{BEGIN}\n{program}\n{END}\n{tail}"


def entry(text: str) -> str:
    """Return the name of the function or class that an exported module is about.

    Raises
    ------
    ValueError
        The module does not say.
    """
    if (found := _ENTRY.search(text)) is None:
        raise ValueError("this is no exported module: it names no entry")
    return found[1]


def unwrap(text: str) -> str:
    """Return the program in an exported module, without all that was measured; other text is returned unchanged."""
    while (inside := _unwrapped(text)) != text:
        text = inside
    return text


def _unwrapped(text: str) -> str:
    if found := _PROGRAM.search(text):
        return found[1]
    program, tail, _ = text.partition(_SECOND_TAIL)
    if not tail:
        program, tail, _ = text.partition(_FIRST_TAIL)
        if not tail:
            return text
        program = re.sub(r"^__all__ = .*\n", "", program, count=1, flags=re.MULTILINE)
    return (program.partition(_SECOND_HEAD)[2] or program).strip("\n") + "\n"
