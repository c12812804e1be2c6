"""Choice of a run's display: a bar in a notebook, a table in a terminal, lines elsewhere, or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workbench.loop.notebook import NotebookDisplay, in_notebook
from workbench.loop.snapshot import Display, Snapshot


class Silent:
    """Display that shows nothing."""

    def show(self, snapshot: Snapshot) -> None:
        """Do nothing."""

    def line(self, text: str) -> None:
        """Do nothing."""


@contextmanager
def displayed(wanted: Display | bool) -> Iterator[Display]:
    """Provide the requested display for the duration of a run."""
    if not isinstance(wanted, bool):
        yield wanted
    elif not wanted:
        yield Silent()
    elif in_notebook():
        yield NotebookDisplay()
    else:
        from rich.console import Console

        from workbench.loop.display import Progress

        with Progress(Console(highlight=False, markup=False)).running() as display:
            yield display
