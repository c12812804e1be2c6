"""Progress of a run in a Jupyter notebook: a bar with key figures, updated in place."""

from __future__ import annotations

import time
from html import escape
from typing import Any

from workbench.loop.display import figures
from workbench.loop.snapshot import Snapshot

SECONDS = 0.3
"""Minimum time between two updates."""


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")


class NotebookDisplay:
    """Progress bar of a run, with messages below it."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._shown = 0.0

    def show(self, snapshot: Snapshot) -> None:
        """Update the bar, a few times a second at most; the last state is always drawn."""
        now = time.monotonic()
        if now - self._shown < SECONDS and snapshot.done < snapshot.total:
            return
        self._shown = now
        from IPython.display import HTML, display

        drawn = HTML(bar(snapshot))
        if self._handle is None:
            self._handle = display(drawn, display_id=True)
        else:
            self._handle.update(drawn)

    def line(self, text: str) -> None:
        """Print a message."""
        print(text)


def bar(snapshot: Snapshot) -> str:
    """Return the bar with its figures, as HTML."""
    words = " &middot; ".join(f"{escape(name)} <b>{escape(value)}</b>" for name, value in figures(snapshot))
    return (
        f'<div style="font: 13px/1.6 system-ui, sans-serif"><b>{escape(snapshot.title)}</b> {escape(snapshot.proposer)}<br>'
        f'<progress style="width: 24em" max="{snapshot.total}" value="{snapshot.done}"></progress><br>{words}</div>'
    )
