"""Where words for people go: a console on which no text of a candidate can steer the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from workbench.formatting import visible


class SafeConsole(Console):
    """A console that shows control, escape and bidirectional characters of any text by their escapes.

    What rich itself sends to the terminal (colours, cursor movements of a live table) is made after this and passes.
    """

    def render_str(self, text: str, **how: Any) -> Text:
        """Make a text of a string; its escapes are part of its width."""
        return super().render_str(visible(text), **how)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render, with all text made visible."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


def console(as_json: bool = False, **more: Any) -> Console:
    """Stdout, or stderr where stdout is for machines. Brackets in a text are just brackets."""
    return SafeConsole(stderr=as_json, highlight=False, markup=False, soft_wrap=not sys.stdout.isatty(), **more)
