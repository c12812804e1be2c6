"""A scripted model on loopback: it answers each prompt with the program that the prompt shows, one number changed."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

_BLOCK = re.compile(r"```python\n(.*?)```", re.S)
_NUMBER = re.compile(r"(?<![\w.\"'])\d+(\.\d+)?(?![\w.])")


class Handler(BaseHTTPRequestHandler):
    """Chat completions as OpenAI serves them."""

    protocol_version = "HTTP/1.1"
    counter: ClassVar[Iterator[int]] = itertools.count(1)

    def log_message(self, *args: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """List the models."""
        self.send({"data": [{"id": "qwen2.5-coder"}]})

    def do_POST(self) -> None:
        """Answer one prompt."""
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = answer(request["messages"][-1]["content"], next(self.counter))
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": 900, "completion_tokens": 300, "total_tokens": 1200}
        self.send({
            "id": "x", "object": "chat.completion", "created": 0, "model": request["model"], "usage": usage,
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        })  # fmt: skip

    def send(self, body: Any) -> None:
        """Send JSON."""
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(data)


def answer(prompt: str, count: int) -> str:
    """The last program of the prompt with its last number replaced by one that no other answer has."""
    blocks = _BLOCK.findall(prompt)
    if not blocks:
        return "OK"
    program = blocks[-1]
    numbers = list(_NUMBER.finditer(program))
    if numbers:
        last = numbers[-1]
        program = f"{program[: last.start()]}{float(last[0]) + count / 1000:.4g}{program[last.end() :]}"
    return f"```python\n{program}```"


@contextlib.contextmanager
def serve() -> Iterator[str]:
    """Serve on a free port; gives the base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
