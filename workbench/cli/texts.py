"""Help texts of the commands, from their docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from rich.markup import escape


def help_of(command: Callable[..., None]) -> str:
    """Return a command's docstring as markup that wraps to any width: prose in whole paragraphs, examples line by line."""
    return "\n\n".join(_paragraph(part) for part in inspect.cleandoc(command.__doc__ or "").split("\n\n"))


def _paragraph(part: str) -> str:
    lines = part.splitlines()
    if not part.startswith(" "):
        return " ".join(lines)
    # Within the tags, the indentation survives the dedenting of help texts.
    return "\n".join(f"[cyan]{escape(line)}[/cyan]" for line in lines)
