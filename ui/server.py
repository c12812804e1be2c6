"""Server of the dashboard, with access control; `evolve ui` replaces itself by this process.

python ui/server.py --runs DIR [--host ADDRESS] [--port N] [--name NAME]... [--no-token]
The token is EVOLVE_UI_TOKEN, or a new one. It is no argument, because all users of a machine can read command lines.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import streamlit as st
from starlette.middleware import Middleware

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # the script's own folder is on the path, the project's need not be
    sys.path.append(str(ROOT))

from ui.door import Door, bracketed  # noqa: E402

TOKEN = "EVOLVE_UI_TOKEN"
SHORTEST = 16
"""Minimum length of EVOLVE_UI_TOKEN, in characters."""
EVERYWHERE = {"0.0.0.0", "::"}

PINNED = {
    "browser.gatherUsageStats": False,
    "client.allowedOrigins": [],
    "client.showErrorDetails": "type",
    "global.developmentMode": False,
    "logger.hideWelcomeMessage": True,
    "logger.level": "info",
    "server.allowedHosts": [],
    "server.baseUrlPath": "",
    "server.corsAllowedOrigins": [],
    "server.customComponentBaseUrlPath": "",
    "server.enableAgentApi": False,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.runOnSave": False,
    "server.scriptHealthCheckEnabled": False,
    "server.trustedUserHeaders": {},
}
"""Settings that override the user's ~/.streamlit: who may connect, and what is served and sent."""


def take_token(wanted: bool) -> str | None:
    """Return the token of this server, and remove it from the environment, so that no child process inherits it.

    Raises
    ------
    SystemExit
        The token is too short.
    """
    given = os.environ.pop(TOKEN, "")
    if not wanted:
        return None
    if given and len(given) < SHORTEST:
        sys.exit(f"error: {TOKEN} needs at least {SHORTEST} characters; without it a new token is made at every start")
    return given or secrets.token_urlsafe(32)


def addresses(host: str, port: int, token: str | None, scheme: str = "http") -> list[str]:
    """Return the addresses of the dashboard, with the token."""
    hosts = [socket.gethostname(), "127.0.0.1"] if host in EVERYWHERE else [host]
    query = f"?token={quote(token, safe='')}" if token else ""
    return [f"{scheme}://{bracketed(name)}:{port}/{query}" for name in hosts]


def serve(runs: str, host: str, port: int, names: tuple[str, ...], token: str | None) -> None:
    """Serve until a signal arrives; print the address once the server is listening."""

    @contextlib.asynccontextmanager
    async def listening(_app: object) -> AsyncIterator[None]:
        scheme = "https" if st.get_option("server.sslCertFile") else "http"
        where = "\n   or ".join(addresses(host, int(st.get_option("server.port")), token, scheme))
        print(f"dashboard of {runs}: {where}  (Ctrl-C ends it)", flush=True)
        yield

    own = (socket.gethostname(), socket.getfqdn()) if host in EVERYWHERE else (bracketed(host),)
    door = Middleware(Door, names=(*own, *names), any_address=host in EVERYWHERE, token=token)
    where = {"server.address": host, "server.port": port, "browser.serverAddress": host}
    st.App(ROOT / "ui" / "app.py", lifespan=listening, middleware=[door]).run(config={**PINNED, **where})


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--name", action="append", default=[])
    parser.add_argument("--no-token", action="store_true")
    words = parser.parse_args()
    os.chdir(ROOT)  # settings in the current folder must not apply
    token = take_token(not words.no_token)
    try:
        serve(words.runs, words.host, words.port, tuple(words.name), token)
    except KeyboardInterrupt:  # Streamlit raises it or returns, depending on when the signal comes
        pass
    except OSError as error:
        sys.exit(f"error: nothing can listen on {words.host}, port {words.port}: {error.strerror or error}")
    sys.exit(130)  # only a signal ends the server, and it has shut down cleanly


if __name__ == "__main__":
    main()
