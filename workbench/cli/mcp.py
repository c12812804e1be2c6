"""`evolve mcp`: the door for coding agents that speak the Model Context Protocol."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.common import DEFAULT_RUNS, Runs
from workbench.cli.console import console


def mcp(
    http: Annotated[bool, typer.Option("--http", help="Serve over HTTP on 127.0.0.1, not over stdin and stdout.")] = False,
    port: Annotated[int, typer.Option(help="Port for --http; 0: a free one.")] = 8642,
    runs: Runs = DEFAULT_RUNS,
) -> None:
    """Let coding agents propose through the Model Context Protocol.

    [bold]Claude Code[/bold]

      claude mcp add evolve -- evolve mcp --runs /path/to/runs

    [bold]Codex, Cursor, Gemini CLI[/bold]: command `evolve`, arguments `mcp --runs /path/to/runs`.
    """
    from workbench.api.agents import server  # takes a moment to import, and no other command needs it

    if not http:
        server.serve_stdio(runs.resolve())
        return
    words = console(True)

    def announce(address: str, token: str) -> None:
        words.print(f"{address}\nheader: Authorization: Bearer {token}", markup=False, highlight=False)

    server.serve_http(runs.resolve(), port, announce)
