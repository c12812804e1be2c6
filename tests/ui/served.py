"""`evolve ui` on a free port, and raw requests to it."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from workbench.problem import catalog

START_SECONDS = 90.0
UPGRADE = {
    "upgrade": "websocket", "connection": "Upgrade", "sec_websocket_version": "13",
    "sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip
"""Headers that ask for a WebSocket."""


@dataclass(frozen=True, slots=True)
class Served:
    """A dashboard that is up: what it printed, where it is, and its process."""

    printed: str
    """The whole address, with the token where there is one."""
    log: Path
    """All that it has said."""
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        """Where it listens."""
        return urlsplit(self.printed).port or 0

    @property
    def token(self) -> str:
        """The token in the printed address, empty without one."""
        return urlsplit(self.printed).query.removeprefix("token=")

    def page(self, path: str) -> str:
        """The address of a page as a browser finds it that has not been here before."""
        address = self.printed.partition("?")[0] + path
        return f"{address}{'&' if '?' in path else '?'}token={self.token}" if self.token else address

    def cookie(self) -> str:
        """What a browser shows after it was at the printed address."""
        _, headers, _ = self.ask("GET", f"/?token={self.token}")
        return headers["set-cookie"].partition(";")[0]

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers (names in lower case) and body that a request is answered with; `_` in names stands for `-`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.putrequest(method, path, skip_host="host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        body = b"" if answer.status == 101 else answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    def socket(self, **headers: str) -> int:
        """The status that a WebSocket to the pages is answered with: 101 is open."""
        return self.ask("GET", "/_stcore/stream", **UPGRADE, **headers)[0]


@contextlib.contextmanager
def serve(runs: Path, *words: str, environ: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Start the dashboard of a runs folder as a person does, and end it."""
    command = [sys.executable, "-m", "workbench.cli", "ui", "--runs", str(runs), "--port", "0", *words]
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, cwd=catalog.root(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True, env={**os.environ, **(environ or {})},
            )  # fmt: skip
        try:
            yield Served(_printed(process, log), log, process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def _printed(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if found := re.search(r"https?://\S+", log.read_text()):
            return found[0]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"no dashboard: {log.read_text()}")
