"""The console for human-readable output, on which no text of a candidate can steer the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from workbench.formatting import visible


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
