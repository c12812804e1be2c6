"""A model server that answers at once (or after a set delay), with a different valid program each time.

python -m tests.benchmarks.instant_model [DELAY_SECONDS [ROUNDS]]    prints its address and serves until its stdin closes

A program goes so many rounds through an empty loop at each decision, to make an evaluation as long as one wants.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COUNT = itertools.count()


def program(number: int, rounds: int = 0) -> str:
    """A valid program for the toy problem, longer or shorter by its number, never twice the same."""
    lines = "".join(f"    y += {(number * 7919 + k) % 13}\n" for k in range(number % 40))
    work = f"    for _ in range({rounds}):\n        pass\n" if rounds else ""
    return f"def f(x, a):\n    # variant {number}\n{work}    y = x * {number % 97} + {number}\n{lines}    return y\n"


class Handler(BaseHTTPRequestHandler):
    """OpenAI's chat completions, as little of them as a client needs."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    delay = 0.0
    rounds = 0

    def log_message(self, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        """List the one model."""
        self._answer({"object": "list", "data": [{"id": "instant", "object": "model"}]})

    def do_POST(self) -> None:
        """Answer a chat completion."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.delay:
            time.sleep(self.delay)
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": self.text()}}
        usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
        self._answer(
            {"id": "x", "object": "chat.completion", "created": 0, "model": "instant", "choices": [choice], "usage": usage}
        )

    def text(self) -> str:
        """The answer."""
        return f"```python\n# EVOLVE-BLOCK-START\n{program(next(COUNT), self.rounds)}# EVOLVE-BLOCK-END\n```"

    def _answer(self, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Many clients at once."""

    request_queue_size = 128
    daemon_threads = True


def main() -> None:
    """Serve until stdin closes, so that the server ends with whoever began it."""
    Handler.delay = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
    Handler.rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
