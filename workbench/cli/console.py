"""The console for human-readable output, on which no text of a candidate can steer the terminal."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from workbench.formatting import visible

_PLAIN = str.maketrans(
    {"\u2013": "-", "\u2014": "-", "\u2212": "-", "\u00b1": "+/-", "\u00d7": "x", "\u00b7": ".", "\u2022": "*", "\u2026": "...",
     "\u2192": "->", "\u2190": "<-", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " "}
)  # fmt: skip


def settle_streams() -> None:
    """Let stdout and stderr print any text in any locale: what their encoding lacks becomes plain characters or escapes."""
    codecs.register_error("evolve.plain", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="evolve.plain")


def _plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end].translate(_PLAIN)
    return lacking.encode("ascii", "backslashreplace").decode("ascii"), error.end


class SafeConsole(Console):
    """A console that prints control, escape and bidirectional characters as escape sequences.

    Control codes of rich itself (colours, cursor movements of a live table) are added later and are not affected.
    """

    def render_str(self, text: str, **how: Any) -> Text:
        """Convert a string to text, with escapes, which count towards its width."""
        return super().render_str(visible(text), **how)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render, with all text made visible."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


def console(as_json: bool = False, **more: Any) -> Console:
    """A console on stdout, or on stderr if stdout is for JSON; markup is off, so brackets are printed as they are."""
    return SafeConsole(stderr=as_json, highlight=False, markup=False, soft_wrap=not sys.stdout.isatty(), **more)
