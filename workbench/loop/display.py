"""Progress of a run: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from workbench.formatting import dollars, duration, measure_of, percent, tokens
from workbench.loop.snapshot import Snapshot

PLAIN_SECONDS = 10.0


class Progress:
    """Display of a run. With `plain`, lines at intervals instead of a live table."""

    def __init__(self, console: Console, *, plain: bool | None = None) -> None:
        self._console = console
        self._plain = not console.is_terminal if plain is None else plain
        self._live: Live | None = None
        self._shown = 0.0

    @contextmanager
    def running(self) -> Iterator[Progress]:
        """Restore the terminal after the live table, however the run ends."""
        try:
            yield self
        finally:
            if self._live:
                self._live.stop()
                self._live = None

    def line(self, text: str) -> None:
        """Print a line above the table."""
        self._console.print(text, highlight=False, markup=False)

    def show(self, snapshot: Snapshot) -> None:
        """Redraw the table (at most 5 times a second), or print a plain line (every 10 s)."""
        now = time.monotonic()
        if self._plain:
            if now - self._shown >= PLAIN_SECONDS:
                self._shown = now
                self.line("  ".join(f"{name} {value}" for name, value in figures(snapshot)))
            return
        if now - self._shown < 0.2:
            return
        self._shown = now
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(_table(snapshot), refresh=True)


class Steps:
    """Progress of a command with several steps: one line, updated in place in a terminal, printed every 10 s elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began, self._shown, self._stage = time.monotonic(), 0.0, ""

    def show(self, stage: str, done: int, total: int) -> None:
        """Show progress within a stage; its first and last steps are always shown."""
        now = time.monotonic()
        text = f"{stage}: {done:,}/{total:,}, {duration(now - self._began)}"
        if self._console.is_terminal:
            self._console.print(f"  {text}      ", end="\r")
        elif stage != self._stage or done == total or now - self._shown >= PLAIN_SECONDS:
            self._stage, self._shown = stage, now
            self._console.print(text)


def figures(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return the key figures of a run, as pairs of name and value."""
    s, measure = snapshot, measure_of(snapshot.problem)
    left = max(0, s.total - s.done)
    found = [
        ("attempts", f"{s.done:,}/{s.total:,}"),
        (f"train {measure.word}", f"{measure.value(s.best.gap)} (no. {s.best.number})" if s.best else "–"),
        (f"validation {measure.word}", f"{measure.value(s.champion.gap)} (no. {s.champion.number})" if s.champion else "–"),
        *([] if measure.note else [("best baseline", f"{percent(s.baseline[1])} ({s.baseline[0]})" if s.baseline else "–")]),
        ("valid", f"{s.valid / s.done:.0%}" if s.done else "–"),
        ("rate", f"{s.rate:.1f}/s" if s.rate >= 1 else f"{s.rate * 60:.1f}/min"),
        ("left", duration(left / s.rate) if s.rate > 0 and left else "–"),
    ]
    if s.uses_model:
        found.append(("cost", dollars(s.cost_usd)))
        found.append(("tokens", tokens(s.tokens, s.estimated)))
    if measure.note:
        found.append(("note", measure.note))
    if s.state != "running":
        found.append(("state", s.state))
    return found


def _table(snapshot: Snapshot) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row(
        Text(snapshot.title, style="bold"),
        Text(f"{snapshot.proposer} · isolation {snapshot.isolation}{snapshot.evaluators}", style="dim"),
    )
    (_, attempts), *others = figures(snapshot)
    table.add_row(ProgressBar(total=snapshot.total, completed=snapshot.done, width=40), Text(attempts))
    for name, value in others:
        table.add_row(Text(name, style="dim"), value)
    return table
