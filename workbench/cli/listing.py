"""The lists of strategies, engines and proposers in `evolve run --help`, read from their docstrings and signatures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from typer.core import TyperCommand

from workbench import engines, proposers, search
from workbench.plugins import Description

_AUTO = Description("auto", "A model if an API key is set, a local server runs, or the local model is there; otherwise builtin.")

_ARGUED = (("agent", "COMMAND"), ("replay", "RUN"))


class Listing(TyperCommand):
    """A command whose help ends with the available strategies, engines and proposers."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the usual help, then the lists."""
        super().format_help(ctx, formatter)
        console = Console(highlight=False)
        strategies = described(search.names(), search.describe)
        console.print(_panel("Strategies (--strategy NAME, options as --opt NAME=VALUE)", strategies))
        peers = described(engines.names(), engines.describe)
        console.print(_panel("Engines (--engine NAME, options as --opt NAME=VALUE)", peers))
        argued = [replace(proposers.describe(name), name=f"{name}:{what}") for name, what in _ARGUED]
        found = [_AUTO, *described(proposers.names(), proposers.describe), *argued]
        console.print(_panel("Proposers (--proposer NAME, options as --proposer-opt NAME=VALUE)", found))
        console.print(Text(" Your own class for each: package.module:Class or path/file.py:Class\n"))


def described(names: Iterable[str], describe: Callable[[str], Description]) -> Iterator[Description]:
    """Yield descriptions; for one that cannot be loaded, the reason, because help must not fail."""
    for name in names:
        try:
            yield describe(name)
        except Exception as error:
            yield Description(name, f"cannot be loaded: {error}")


def _panel(title: str, found: Iterable[Description]) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for d in found:
        text = Text(d.summary)
        if d.options:
            text.append("\n" + " ".join(f"{o.name}={o.default}" for o in d.options), style="dim")
        table.add_row(Text(d.name, style="bold cyan"), text)
    return Panel(table, title=title, title_align="left", border_style="dim", box=box.ROUNDED)
