"""A model server that misbehaves three times in ten, and a run against it whose books are compared with the server's.

python -m tests.integration.faulty_model [--calls 500]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.benchmarks.instant_model import Server, program
from workbench.store import Store

ROOT = Path(__file__).parent.parent.parent
KEY = "canary-key-73b0a91c"
MODEL = "openai/gpt-4o-mini"  # a price that litellm knows
TIMEOUT = 3.0  # far above what a good answer takes on a busy machine: one that comes too late would be paid for twice
FAULTS = ("busy", "500", "hang", "half", "junk", "empty", "drip", "html", "reset", "huge", "echo", "refused")
BROKEN_TLS = "tls"
"""One more where the server speaks TLS: bytes that are no record of it."""
CHARGED = ("good", "huge", "echo")  # what a provider would bill


class Handler(BaseHTTPRequestHandler):
    """Chat completions; which answers are good is drawn from the server's seed."""

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        """Shake hands here, in the thread of the connection, where the server speaks TLS."""
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, *args: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        """Answer, or not."""
        self.rfile.read(int(self.headers["content-length"]))
        with self.server.lock:
            number = self.server.told.total()
            good = number == 0 or self.server.rng.random() >= 0.3
            faults = self.server.faults if self.server.tls is None else (BROKEN_TLS, *self.server.faults)
            what = "good" if good else faults[(number - self.server.told["good"]) % len(faults)]  # each in its turn
            self.server.told[what] += 1
        with contextlib.suppress(OSError):
            self.answer(what, number)

    def answer(self, what: str, number: int) -> None:
        """One of the ways in which servers answer."""
        if what in CHARGED:
            text = {"good": program(number), "huge": "x = 1\n" * 900_000, "echo": f"a = '{self.headers['authorization']}'\n"}[what]
            message = {"role": "assistant", "content": f"```python\n{text}```"}
            usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            body = {
                "id": "x",
                "object": "chat.completion",
                "created": 0,
                "model": "gpt-4o-mini",
                "choices": [choice],
                "usage": usage,
            }
            self.send(200, json.dumps(body))
        elif what == "busy":
            self.send(429, '{"error": {"message": "slow down"}}', {"retry-after": "0.2"})
        elif what == "500":
            self.send(500, f'{{"error": {{"message": "fault with {self.headers["authorization"]}"}}}}')
        elif what == "refused":
            self.send(400, '{"error": {"message": "no"}}')
        elif what == "html":
            self.send(200, "<html>Welcome</html>", {"content-type": "text/html"})
        elif what in ("junk", "empty"):
            self.send(200, '{"choi' if what == "junk" else "")
        elif what == "half":
            self.send(200, '{"id": "x", "choices": [', {"content-length": "1000"})
            self.connection.shutdown(socket.SHUT_RDWR)
        elif what == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif what == BROKEN_TLS:
            with socket.socket(fileno=os.dup(self.connection.fileno())) as below:
                below.sendall(b"HTTP/1.1 200 OK, or so it says\r\n\r\n")
        elif what == "hang":
            time.sleep(TIMEOUT + 1)
        elif what == "drip":
            self.send(200, "", {"content-length": "1000"})
            for _ in range(int(20 * TIMEOUT)):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)
        if what in ("half", "reset", "hang", "drip", BROKEN_TLS):
            self.close_connection = True

    def send(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        """Headers and body."""
        data = body.encode()
        self.send_response(status)
        for name, value in ({"content-type": "application/json", "content-length": str(len(data))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@contextlib.contextmanager
def serve(seed: int = 0, certificate: Path | None = None, faults: Sequence[str] = FAULTS) -> Iterator[tuple[str, Counter[str]]]:
    """Serve on a free port, with TLS if there is a certificate (with its key): the base URL, and what was answered how often."""
    server = Server(("127.0.0.1", 0), Handler)
    server.rng, server.told, server.lock = random.Random(seed), Counter(), threading.Lock()
    server.faults, server.tls = faults, None
    if certificate is not None:
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.tls.load_cert_chain(certificate)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}/v1", server.told
    finally:
        server.shutdown()
        server.server_close()


def evolve(*arguments: str, base: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The command line with a key, the server as OpenAI's address, and more of an environment."""
    environment = os.environ | {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": base, "COLUMNS": "200"} | more
    command = [sys.executable, "-m", "workbench.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def books(runs: Path, calls: int, *extra: str, **server: Any) -> dict[str, Any]:
    """Make a run of `calls` attempts and compare what it recorded with what the server did."""
    began = time.monotonic()
    more = {"SSL_CERT_FILE": str(server["certificate"])} if "certificate" in server else {}
    with serve(**server) as (base, told):
        done = evolve("run", "tests/toy", "--model", MODEL, "-n", str(calls), "--concurrency", "16", "--timeout", str(TIMEOUT),
                      "--runs", str(runs), "--json", *extra, base=base, **more)  # fmt: skip
    with Store(runs, write=False) as store:
        (run,) = store.runs()
        recorded = store.calls(run.id)
        spending = store.spending(run.id)
    return {
        "exit": done.returncode,
        "status": run.status,
        "attempts": run.attempts,
        "answers": dict(told),
        "requests_made": sum(1 + c.call.retries for c in recorded),
        "requests_served": told.total(),
        "charged_recorded": sum(c.call.cost_usd is not None for c in recorded),
        "charged_served": sum(told[kind] for kind in CHARGED),
        "cost_recorded": spending.dollars,
        "failed_attempts": sum(bool(c.call.error) for c in recorded),
        "seconds": round(time.monotonic() - began, 1),
        "said": done.stdout + done.stderr,
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = books(Path(folder) / "runs", options.calls)
    print(found.pop("said")[-2000:], file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
