"""Shows a run while it goes on: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from workbench.formatting import dollars, duration, percent
from workbench.run.loop import Loop

PLAIN_SECONDS = 10.0


class Progress:
    """The display of one run. With `plain`, a line now and then instead of a table that redraws itself."""

    def __init__(self, console: Console, *, plain: bool | None = None) -> None:
        self._console = console
        self._plain = not console.is_terminal if plain is None else plain
        self._live: Live | None = None
        self._shown = 0.0

    @contextmanager
    def running(self) -> Iterator[Progress]:
        """Take the terminal for the live table, and give it back however the run ends."""
        try:
            yield self
        finally:
            if self._live:
                self._live.stop()
                self._live = None

    def line(self, text: str) -> None:
        """Print a line above the table."""
        self._console.print(text, highlight=False, markup=False)

    def show(self, loop: Loop) -> None:
        """Redraw (at most 5 times a second), or print a plain line (every 10 s)."""
        now = time.monotonic()
        if self._plain:
            if now - self._shown >= PLAIN_SECONDS:
                self._shown = now
                self.line("  ".join(f"{name} {value}" for name, value in figures(loop)))
            return
        if now - self._shown < 0.2:
            return
        self._shown = now
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(_table(loop), refresh=True)


class Steps:
    """How far a command is that takes steps: a line that is written over in a terminal, a plain one every 10 s elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began, self._shown, self._stage = time.monotonic(), 0.0, ""

    def show(self, stage: str, done: int, total: int) -> None:
        """Tell the first and the last step of a stage, and some between them."""
        now = time.monotonic()
        text = f"{stage}: {done:,}/{total:,}, {duration(now - self._began)}"
        if self._console.is_terminal:
            self._console.print(f"  {text}      ", end="\r")
        elif stage != self._stage or done == total or now - self._shown >= PLAIN_SECONDS:
            self._stage, self._shown = stage, now
            self._console.print(text)


def figures(loop: Loop) -> list[tuple[str, str]]:
    """What a person wants to know of a run at a glance, as name and value."""
    best, validation = loop.best, loop.champion.gap
    baseline = loop.loaded.references.ranking[0] if loop.loaded.references.ranking else None
    rate = loop.rate
    left = max(0, loop.total - loop.done)
    cost = loop.budget.cost_usd
    found = [
        ("attempts", f"{loop.done:,}/{loop.total:,}"),
        ("train gap", f"{percent(best.gap)} (no. {best.number})" if best else "–"),
        ("validation gap", f"{percent(validation)} (no. {loop.champion.number})" if validation is not None else "–"),
        ("best baseline", f"{percent(baseline[1])} ({baseline[0]})" if baseline else "–"),
        ("valid", f"{loop.valid / loop.done:.0%}" if loop.done else "–"),
        ("rate", f"{rate:.1f}/s" if rate >= 1 else f"{rate * 60:.1f}/min"),
        ("left", duration(left / rate) if rate > 0 and left else "–"),
    ]
    if loop.proposer.uses_model:
        found.append(("cost", dollars(cost)))
        found.append(("tokens", f"{loop.budget.tokens:,}"))
    if loop.steering.paused:
        found.append(("state", "paused"))
    if loop.steering.halt:
        found.append(("state", "stopping"))
    return found


def _table(loop: Loop) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row(
        Text(loop.loaded.problem.title, style="bold"),
        Text(f"{loop.proposer.label} · isolation {loop.pool.isolation}", style="dim"),
    )
    table.add_row(ProgressBar(total=loop.total, completed=loop.done, width=40), Text(f"{loop.done:,}/{loop.total:,}"))
    for name, value in figures(loop)[1:]:
        table.add_row(Text(name, style="dim"), value)
    return table
